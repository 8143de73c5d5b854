// The table of backends in the README, from what was run: `pnpm conformance` runs the conformance suites of every backend and
// writes it; `--from report.json` takes vitest's JSON report of such a run instead. A backend that is missing fails the run.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = [
  'packages/backend-cpu/test/conformance.test.ts',
  'packages/backend-wasm/test/conformance.test.ts',
  'packages/backend-wasm/test/engine/conformance.test.ts',
  'packages/testkit/test/engine.test.ts',
  'packages/backend-webgl/test/engine.test.ts',
  'packages/backend-webgl/test/training.test.ts',
  'packages/backend-webgpu/test/chromium.test.ts',
  'packages/backend-webgpu/test/conformance.test.ts',
  'packages/backend-webgpu/test/life.test.ts',
  'packages/backend-webgpu/test/training.test.ts',
  'packages/backend-node-gpu/test/conformance.test.ts',
  'packages/backend-node-gpu/test/engine.test.ts',
  'packages/backend-node-gpu/test/training.test.ts',
];

/** Columns, and what the suites call the backend there; `dawn` is webgpu in Node, which node-gpu runs on. */
const columns = ['cpu / js', 'wasm', 'webgl', 'webgpu', 'node-gpu'];
const trainingNames = ['cpu', 'wasm', 'webgl', 'webgpu', 'node-gpu'];
const engineNames = ['js', 'wasm', 'webgl', 'webgpu', 'dawn'];

function run() {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    // Failed tests are told from the report.
    spawnSync(
      process.execPath,
      [vitest, 'run', ...files, '--reporter=json', '--reporter=dot', `--outputFile.json=${report}`],
      {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          BITGRAD_ENDURANCE: '1',
          BITGRAD_STEPS: '50',
          BITGRAD_REQUIRE: 'cpu,wasm,chromium,webgl,webgpu,dawn',
          ...process.env,
        },
      },
    );
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tests of a report: file, names of the suites around it, title, state. */
const testsOf = ({ testResults }) =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: name.slice(name.indexOf('packages/')),
      suites: ancestorTitles,
      title,
      status,
    })),
  );

/** `yes` when all of some tests passed, with their number if there are several; `-` when none ran. */
const cell = (tests) => {
  const passed = tests.filter(({ status }) => status === 'passed').length;
  if (tests.some(({ status }) => status === 'failed')) return '**fails**';
  if (passed === 0) return '-';
  return passed === 1 ? 'yes' : `yes (${passed})`;
};

/** Rows of a suite: its cases by name, in the order of the first backend. */
function suiteRows(tests, kind, names) {
  const of = (name) => tests.filter(({ suites }) => suites[0] === `${kind} ${name}`);
  const titles = [...new Set(of(names[0]).map(({ title }) => title))].filter(
    (t) => !t.startsWith('declares skips'),
  );
  return titles.map((title) => [
    title,
    ...names.map((name) => cell(of(name).filter((t) => t.title === title))),
  ]);
}

/** Rows of tests that are not in the suites: by file and by what their titles contain. */
const lifeRows = (tests) => {
  const row = (title, pattern, ...where) => [
    title,
    ...columns.map((_, i) => {
      const file = where[i];
      return file
        ? cell(tests.filter((t) => t.file.includes(file) && pattern.test([...t.suites, t.title].join(' '))))
        : '-';
    }),
  ];
  const training = [
    'backend-webgl/test/training',
    'backend-webgpu/test/training',
    'backend-node-gpu/test/training',
  ];
  const engine = [
    'backend-webgl/test/engine',
    'backend-webgpu/test/chromium',
    'backend-node-gpu/test/engine',
  ];
  const nodeGpu = 'backend-node-gpu/test/training';
  const curve = (name) =>
    tests.filter(
      (t) => t.file.includes(nodeGpu) && t.title === name && /loss curve of 50/.test(t.suites[0] ?? ''),
    );
  return {
    training: [
      [
        'loss of 50 steps within 1e-3 of cpu, from one script and seed (2 networks)',
        'reference',
        cell(curve('wasm')),
        ...row('', /^loss curve of 50/, '', '', training[0], training[1]).slice(3, 5),
        cell(curve('dawn')),
      ],
      row(
        '200 cycles of making, training and disposing a model',
        /200 cycles of making/,
        '',
        '',
        ...training,
      ),
      row('200 cycles of starting and disposing the adapter', /200 cycles of starting/, '', '', ...training),
      row('loss of the GPU: typed error, `start()` goes on', /a loss is a typed error/, '', '', ...training),
    ],
    engines: [
      row(
        'two models on one device, runs interleaved',
        /two models on one|two models work side/,
        '',
        '',
        ...engine,
      ),
      row('200 cycles of creating and disposing', /200 cycles of create/, '', '', ...engine),
      row(
        'loss of the GPU: typed error, `restore()` goes on',
        /a loss during a run|a lost device/,
        '',
        '',
        engine[0],
        engine[1],
        'backend-webgpu/test/life',
      ),
    ],
  };
};

const markdown = (title, head, rows) =>
  [
    `**${title}**`,
    '',
    `| ${['', ...head].join(' | ')} |`,
    `| ${['', ...head].map(() => '---').join(' | ')} |`,
    ...rows.map((r) => `| ${r.join(' | ')} |`),
  ].join('\n');

/** Puts a text between the markers of the README. */
export function between(readme, text) {
  const pattern = /(<!-- conformance: written by `pnpm conformance` -->\n)[\s\S]*?(<!-- \/conformance -->)/;
  if (!pattern.test(readme)) throw new TypeError('the README has no markers for the table');
  return readme.replace(pattern, (_, from, to) => `${from}\n${text}\n\n${to}`);
}

/** The tables of a report. */
export function tables(report) {
  const tests = testsOf(report);
  const life = lifeRows(tests);
  const training = [...suiteRows(tests, 'training backend', trainingNames), ...life.training];
  const engines = [...suiteRows(tests, 'engine', engineNames), ...life.engines];
  const count = (rows) => columns.map((_, i) => rows.filter((r) => /^yes|^reference/.test(r[i + 1])).length);
  const [t, e] = [count(training), count(engines)];
  const where = ['Node', 'Node; 1 and 2 threads, 3 builds', 'Chromium', 'Chromium', 'Node, on Dawn'];
  const summary = markdown(
    'What was run',
    ['where', 'training cases passed', 'cases of packed models passed'],
    columns.map((name, i) => [name, where[i], String(t[i]), String(e[i])]),
  );
  return [
    summary,
    '',
    'WebGL2, WebGPU and Dawn ran on a software renderer (SwiftShader): right results, no measure of speed. A number says how many variants of a case ran; `-`: does not apply, or was not run.',
    '',
    '<details>',
    '<summary>Every case</summary>',
    '',
    markdown('Training', columns, training),
    '',
    markdown('Packed models, integers bit for bit', columns, engines),
    '',
    '</details>',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const from = process.argv.indexOf('--from');
  const report = from > 0 ? JSON.parse(readFileSync(process.argv[from + 1], 'utf8')) : run();
  if (report.numFailedTests > 0)
    throw new RangeError(`${report.numFailedTests} tests failed: nothing is written`);
  const path = join(root, 'README.md');
  writeFileSync(path, between(readFileSync(path, 'utf8'), tables(report)));
  execFileSync(join(root, 'node_modules/.bin/prettier'), ['--write', '--log-level', 'warn', path], {
    stdio: 'inherit',
  });
}
