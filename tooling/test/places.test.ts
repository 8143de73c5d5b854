// Packed models where people deploy: the published runtime and engine of wasm, installed outside of this repository, on every
// host that can be had here. Every place gives the same logits bit for bit, or the reason why an engine does not run there.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { chromiumMissing, launchChromium, launchWithExtension } from '../chromium.mjs';
import { root } from '../workspace.mjs';
import { atSite, inExtension, serve, source, writeExtension } from './places/chromium.js';
import { bundleAlone, inHermes, inQuickJs } from './places/engines-alone.js';
import {
  agree,
  bundle,
  installedBytes,
  file,
  gzipBytes,
  host,
  makeProject,
  pixels,
  run,
  type Outcome,
} from './places/project.js';
import { startWorkerd } from './places/workerd.js';

const engines = ['backend-wasm', 'backend-webgl', 'backend-webgpu', 'backend-native'];
let folder: string;
let project: string;
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;

beforeAll(async () => {
  ({ folder, project } = await makeProject(['bits', 'runtime', 'shaders', ...engines]));
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const cases = [{ engine: 'js' }, { engine: 'wasm' }, { engine: 'wasm', threads: 2 }];
  writeFileSync(
    join(project, 'main.mjs'),
    `import { answer } from './answer.mjs';
     const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
     const [file, pixels] = [bytes('${base64(file)}'), bytes('${base64(pixels)}')];
     console.log(JSON.stringify(await answer({ file, pixels, cases: ${JSON.stringify(cases)} })));`,
  );
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('runtime and one engine', () => {
  it.each(engines)('install under 1 MB: %s', (engine) => {
    expect(installedBytes(project, `@bitgrad/${engine}`)).toBeLessThan(1e6);
  });

  it('install no TensorFlow.js', () => {
    const modules = join(project, 'node_modules');
    for (const name of ['@tensorflow', '@bitgrad/core'])
      expect(existsSync(join(modules, name)), name).toBe(false);
  });
});

describe('TypeScript', () => {
  it.each([
    '--module nodenext',
    '--module esnext --moduleResolution bundler',
    '--module esnext --moduleResolution node10',
  ])('finds the types of every entry by %s', async (options) => {
    const entries = [
      'runtime',
      'backend-wasm/engine',
      'backend-wasm/lowering',
      'backend-wasm/one-file',
      'bits',
    ];
    const lines = entries.map((entry, i) => `import * as m${i} from '@bitgrad/${entry}';\nvoid m${i};`);
    const call =
      "import { loadModel } from '@bitgrad/backend-wasm/one-file';\nvoid loadModel('a', { threads: 'all' });";
    writeFileSync(join(project, 'entries.ts'), [...lines, call].join('\n'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const strict = ['--strict', '--noEmit', '--target', 'es2022'];
    const output = await run(process.execPath, [tsc, ...options.split(' '), ...strict, 'entries.ts'], {
      cwd: project,
    }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
    // The one mistake is seen, and nothing else.
    expect(output.match(/error TS\d+/g)).toEqual(['error TS2322']);
  });
});

describe('runs from an installation', () => {
  const places = [
    { name: 'node', place: `Node ${process.versions.node.split('.')[0]}`, args: [] },
    ...['22', '24'].map((major) => ({ name: `node${major}`, place: `Node ${major}`, args: [] })),
    { name: 'bun', place: 'Bun', args: ['run'] },
    { name: 'deno', place: 'Deno', args: ['run', '--no-prompt', '--allow-read', '--allow-env'] },
  ];
  for (const { name, place, args } of places) {
    const { path, title, missing } =
      name === 'node' ? { path: process.execPath, title: name, missing: false } : host(name);
    it.skipIf(missing)(`${title}, on 1 and 2 threads`, async () => {
      const { stdout } = await run(path, [...args, 'main.mjs'], { cwd: project, timeout: 60_000 });
      const variant =
        name === 'node' && Number(process.versions.node.split('.')[0]) < 22 ? 'simd' : 'relaxed-simd';
      agree(
        place,
        `${kB(installedBytes(project, '@bitgrad/backend-wasm'))} installed`,
        JSON.parse(stdout) as Outcome[],
        [
          { engine: 'js', threads: 1 },
          { engine: `wasm ${variant}`, threads: 1 },
          { engine: `wasm ${variant}`, threads: 2 },
        ],
      );
    });
  }
});

describe('Cloudflare Workers', () => {
  const { path, title, missing } = host('workerd');

  it.skipIf(missing)(`${title}: SIMD with a module, and without one js with the reason`, async () => {
    const worker = await startWorkerd(path, project);
    try {
      const cases = [
        { engine: 'js' },
        { engine: 'wasm', module: true },
        { engine: 'wasm' },
        { engine: 'wasm', module: true, threads: 2 },
      ] as const;
      const outcomes = await worker.ask({ cases: [...cases], runs: 0 });
      // Clocks stand still there while code runs.
      for (const [i, one] of cases.entries()) {
        const start = performance.now();
        await worker.ask({ cases: [one], runs: 0 });
        const between = performance.now();
        await worker.ask({ cases: [one], runs: 200 });
        outcomes[i]!.ms = Math.max(0, performance.now() - between - (between - start)) / 200;
      }
      agree('Cloudflare Workers (workerd)', `${kB(gzipBytes(worker.text))} gzip`, outcomes, [
        { engine: 'js', threads: 1 },
        { engine: 'wasm simd', threads: 1 },
        { engine: 'js', threads: 1, reason: /code generation disallowed by embedder.*simd\.wasm/ },
        { engine: 'wasm simd', threads: 1, reason: /simd-threads\.wasm/ },
      ]);
    } finally {
      worker.stop();
    }
  });
});

describe('JavaScript engines alone', () => {
  const wanted = [
    { engine: 'js', threads: 1 },
    { engine: 'js', threads: 1, reason: /WebAssembly is not supported/ },
  ];

  const places = [
    ['hermes', 'Hermes (React Native)', inHermes],
    ['quickjs', 'QuickJS', (path: string, _: string, text: string) => inQuickJs(path, text)],
  ] as const;
  for (const [name, place, inside] of places) {
    const { path, title, missing } = host(name);
    it.skipIf(missing)(title, async () => {
      const text = await bundleAlone(project);
      // The model and the picture are in the bundle.
      const code = text.replaceAll(/\d+(,\d+){700,}/g, '');
      agree(place, `${kB(gzipBytes(code))} gzip`, await inside(path, project, text), wanted);
    });
  }
});

const chromium = chromiumMissing();
const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('chromium');
const chromiumTitle = chromium ? `Chromium (skipped: ${chromium})` : 'Chromium';

describe.skipIf(chromium && !required)(chromiumTitle, () => {
  let text: string;
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serve>>;
  const size = (): string => `${kB(gzipBytes(text))} gzip`;
  const refused = /Content Security Policy.*wasm-unsafe-eval/;
  const all = [
    { engine: 'js', threads: 1 },
    { engine: 'wasm relaxed-simd', threads: 1 },
    { engine: 'wasm relaxed-simd', threads: 2 },
  ];
  const one = (reason: RegExp) => [all[0]!, all[1]!, { ...all[1]!, reason }];
  const js = [all[0]!, { ...all[0]!, reason: refused }, { ...all[0]!, reason: refused }];

  beforeAll(async () => {
    // One classic script: what is loaded when needed elsewhere is in it.
    text = await bundle(project, source, { format: 'iife', target: 'es2022' });
    site = await serve(text);
    browser = await launchChromium({ gpu: false });
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  it.each([
    ['page, isolated', '/isolated', 'page', all],
    ['page, not isolated', '/plain', 'page', one(/cross-origin isolated/)],
    ['page, documented policy', '/documented', 'page', all],
    ["page, script-src 'self'", '/strict', 'page', js],
    ['worker, isolated', '/isolated', 'worker', all],
    ['service worker', '/plain', 'service worker', one(/cross-origin isolated|no workers/)],
  ] as const)('%s', async (place, path, way, wanted) => {
    agree(`Chromium: ${place}`, size(), await atSite(browser, site.at(path), way), wanted);
  });

  it.each([
    ["script-src 'self'", "'self'", js],
    [
      "script-src 'self' 'wasm-unsafe-eval'",
      "'self' 'wasm-unsafe-eval'",
      one(/cross-origin isolated|no workers/),
    ],
  ] as const)('extension (MV3), %s', async (place, policy, wanted) => {
    const context = await launchWithExtension(writeExtension(folder, text, policy));
    try {
      const { worker, page } = await inExtension(context);
      agree(`Chromium: MV3 service worker, ${place}`, size(), worker, wanted);
      agree(`Chromium: MV3 page, ${place}`, size(), page, wanted);
    } finally {
      await context.close();
    }
  });
});
