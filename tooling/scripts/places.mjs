// The table of places in the README, from what was run: `pnpm places` installs the hosts, runs the published packages on each of
// them and the C on emulated microcontrollers, and writes it. A place that cannot be run here fails it. `--from NOTES REPORT` takes
// what such runs left: the file that BITGRAD_PLACES named, and the output of export-c's tests.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs tests; those whose names are given must not be skipped. */
const vitest = (folder, files, environment, needed) => {
  const json = join(folder, 'report.json');
  const line = ['run', ...files, '--reporter=json', '--reporter=dot', `--outputFile.json=${json}`];
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), ...line],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    },
  );
  const tests = JSON.parse(readFileSync(json, 'utf8')).testResults.flatMap((file) => file.assertionResults);
  const skipped = tests.filter((test) => test.status !== 'passed' && needed.test(test.fullName));
  if (status !== 0 || skipped.length > 0)
    throw new RangeError(
      `failed, or not run: ${skipped.map(({ fullName }) => fullName).join('; ')}\n${stdout}`,
    );
  return stdout;
};

/** What places note (tooling/test/places/project.ts), and what export-c reports. */
function run() {
  const folder = mkdtempSync(join(tmpdir(), 'places-'));
  try {
    execFileSync(process.execPath, [join(root, 'tooling/scripts/hosts.mjs'), '--all'], { stdio: 'inherit' });
    const notes = join(folder, 'notes');
    const required = { BITGRAD_PLACES: notes, BITGRAD_REQUIRE: 'chromium,hosts' };
    vitest(folder, ['tooling/test/places.test.ts'], required, /./);
    const tests = ['microcontroller', 'random-plans'].map((name) => `packages/export-c/test/${name}.test.ts`);
    const microcontrollers = vitest(folder, tests, { BITGRAD_REPORT: '1' }, /cortex|rv32/i);
    return { notes: readFileSync(notes, 'utf8'), microcontrollers };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reasons in the words of a table. */
const reasons = [
  [/Content Security/, 'the policy forbids WebAssembly, so `js` ran'],
  [/disallowed by embedder/, 'no WebAssembly without `module`, so `js` ran'],
  [/WebAssembly is not supported/, 'has no WebAssembly'],
  [/cross-origin isolated/, 'one thread, as the page is not isolated'],
  [/no workers here/, 'one thread: has no workers'],
  [/given module is for one thread/, ''],
];
const inWords = (reason) => (reason && reasons.find(([pattern]) => pattern.test(reason))?.[1]) ?? reason;
const digits = (ms) => (ms < 0.1 ? '< 0.1' : ms >= 100 ? ms.toFixed(0) : ms.toPrecision(2));

/** What the times were taken on. */
const here = () => {
  const { length, 0: cpu } = cpus();
  const load = Math.round(loadavg()[1]);
  return `${length} cores of ${cpu.model.trim()}${load > length ? `, which ${load} programs shared` : ''}`;
};

/** The table of what ran. @param machine what the times were taken on */
export function table({ notes: lines, microcontrollers }, machine = here()) {
  const notes = lines.trim().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
  const rows = [];
  for (const place of new Set(notes.map((note) => note.place)))
    for (const { engine, threads, reason, bytes, ms } of notes.filter((note) => note.place === place)) {
      const remark = inWords(reason);
      const before = rows.find((row) => row[0] === place && row[1] === engine && row[2] === threads);
      // A second try at the same brought nothing but its reason.
      if (before) before[5] ||= remark;
      else rows.push([place, engine, threads, bytes, digits(ms), remark]);
    }
  const [, flash, memory] = /flash (\d+), memory (\d+)/.exec(microcontrollers) ?? [];
  const [, instructions] = /instructions (\d+)/.exec(microcontrollers) ?? [];
  if (!flash || !instructions)
    throw new RangeError(
      'nothing was reported of the microcontrollers: are their compiler and emulator installed?',
    );
  const count = (bytes) => Number(bytes).toLocaleString('en-US');
  rows.push([
    'Cortex-M0, M3 (QEMU)',
    'C',
    1,
    `${count(flash)} B of flash, ${count(memory)} B of memory`,
    '-',
    `another network, for MNIST: ${(instructions / 1e6).toFixed(1)} million instructions`,
  ]);
  rows.push(['Cortex-M4, M7, RISC-V 32 (QEMU)', 'C', 1, '-', '-', 'random plans, equal bits']);
  return [
    '| place | engine | threads | size | ms | |',
    '| --- | --- | --: | --- | --: | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `Times are medians, for one picture, on ${machine}.`,
  ].join('\n');
}

/** Puts a table between the markers of the README. */
export function between(readme, text) {
  const pattern = /(<!-- places: written by `pnpm places` -->\n)[\s\S]*?(<!-- \/places -->)/;
  if (!pattern.test(readme)) throw new TypeError('the README has no markers for the table of places');
  return readme.replace(pattern, (_, from, to) => `${from}\n${text}\n\n${to}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(root, 'README.md');
  const [notes, microcontrollers] = process.argv.slice(3).map((file) => readFileSync(file, 'utf8'));
  const from = process.argv[2] === '--from' ? { notes, microcontrollers } : run();
  writeFileSync(path, between(readFileSync(path, 'utf8'), table(from)));
  execFileSync(join(root, 'node_modules/.bin/prettier'), ['--write', '--log-level', 'warn', path], {
    stdio: 'inherit',
  });
}
