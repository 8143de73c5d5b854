// A toy quantizer in a folder outside of the repository, which has no node_modules and imports published entry points
// only: by name in `bitgrad train --plugin`, in `list`, and through the conformance suite.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { long } from '@bitgrad/tooling/endurance';
import { describe, expect, it } from 'vitest';
import { ended, lastLine, start, temporaryFolder } from './run.js';

const source = `
import { defineForward, defineQuantizer, defineSurrogate, definePlugin, E, parseOptions } from '@bitgrad/core';
import * as v from 'valibot';
import * as tf from '@tensorflow/tfjs-core';

const bump = () => defineSurrogate({
  name: 'toy-bump',
  options: {},
  formula: (x) => Math.max(0, 1 - x * x / 4),
  expression: () => E.max(0, E.sub(1, E.div(E.square(E.input('x')), 4))),
  breakpoints: () => [-2, 2],
});
const forward = () => defineForward({
  name: 'toy-sign',
  options: {},
  alphabet: 'pm1',
  levels: [-1, 1],
  soft: false,
  formula: (x) => (x >= 0 ? 1 : -1),
  expression: () => E.sign(E.input('x')),
  jumps: () => [{ at: 0, from: -1, to: 1 }],
});
export const toy = (options = {}) => defineQuantizer({
  name: 'toy',
  options: parseOptions('toy', 'quantizer "toy"', v.strictObject({}), options),
  description: 'a toy on tfjs ' + tf.version_core,
  forward: forward(),
  surrogate: bump(),
});
export default definePlugin({
  name: 'bitgrad-toy',
  version: '1.2.3',
  quantizers: { toy },
  surrogates: { 'toy-bump': bump },
  forwards: { 'toy-sign': forward },
});
`;

function toyFolder(): string {
  const folder = join(temporaryFolder(), 'toy');
  mkdirSync(folder);
  const manifest = { name: 'bitgrad-toy', type: 'module', exports: { '.': { import: './toy.js' } } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'toy.js'), source);
  return folder;
}

/** Evaluates tfjs once more, as a package that could not share it would. */
const secondTfjs = `
import { createRequire } from 'node:module';
const require = createRequire(${JSON.stringify(import.meta.url)});
for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu']) {
  delete require.cache[require.resolve(name)];
  require(name);
}
`;

const tiny = ['--model', 'mlp', '--limit', '64', '--test-limit', '32', '--epochs', '1', '--backend', 'wasm'];

describe('a plugin outside of the repository', () => {
  it('may bring a copy of tfjs of its own: nothing of that stands on stderr', async () => {
    const folder = toyFolder();
    writeFileSync(join(folder, 'toy.js'), secondTfjs + source);
    const { code, stderr, stdout } = await ended(start(['list', '--json', '--plugin', folder]));
    expect(stdout).toContain('bitgrad-toy');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('trains by name, is listed, and its model evaluates', async () => {
    const folder = toyFolder();
    const out = join(folder, '..', 'run');
    const args = ['train', '--plugin', folder, '--quantizer', 'toy', ...tiny, '--out', out, '--json'];
    const trained = await ended(start(args));
    expect(trained.stderr).toContain('mlp with toy on wasm');
    expect(trained.code).toBe(0);
    expect(JSON.parse(lastLine(trained.stdout))).toMatchObject({ quantizer: 'toy', finished: true });

    const [listed, evaluated, without] = await Promise.all([
      ended(start(['list', '--json', '--plugin', join(folder, 'toy.js')])),
      ended(start(['eval', out, '--plugin', folder, '--json'])),
      ended(start(['eval', out])),
    ]);
    const listing = JSON.parse(listed.stdout);
    expect(listing.plugins).toContainEqual({ name: 'bitgrad-toy', version: '1.2.3' });
    const toy = listing.quantizers.find(({ name }: { name: string }) => name === 'toy');
    expect(toy.description).toMatch(/^a toy on tfjs 4\./);
    expect(evaluated.code).toBe(0);
    // A saved run does not run code by itself: it says which plugin to name.
    expect(without.code).toBe(2);
    expect(without.stderr).toContain(`The model was trained with --plugin ${folder}`);
  });

  it.each([
    [
      'an import that nobody provides',
      "import 'left-pad-of-nowhere';",
      /does not load .*left-pad-of-nowhere/,
    ],
    [
      'a name that is taken',
      "import { definePlugin } from '@bitgrad/core'; import { ste } from '@bitgrad/quantizer-ste';" +
        "export default definePlugin({ name: 'other', version: '1.0.0', quantizers: { ste } });",
      /quantizer "ste" of plugin "other" is registered already/,
    ],
  ])('refuses %s', async (_title, text, message) => {
    const file = join(temporaryFolder(), 'plugin.mjs');
    writeFileSync(file, text);
    const { code, stderr } = await ended(start(['list', '--plugin', file]));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

const packages = fileURLToPath(new URL('../..', import.meta.url));
const kit = join(packages, 'testkit', 'node_modules');
/** The plugin of CONTRIBUTING.md and its test, as they stand there. */
const [example, exampleTest] = [
  ...readFileSync(join(packages, '..', 'CONTRIBUTING.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm),
].map((match) => match[1]!);

/** A package of an author: a plugin, its test, and what `npm install` would put into node_modules. */
function authorFolder(plugin: string): string {
  const folder = temporaryFolder();
  const modules = join(folder, 'node_modules');
  for (const scope of ['@bitgrad', '@tensorflow']) mkdirSync(join(modules, scope), { recursive: true });
  const link = (from: string, name: string) => symlinkSync(realpathSync(from), join(modules, name), 'dir');
  for (const name of ['core', 'testkit']) link(join(packages, name), `@bitgrad/${name}`);
  for (const name of ['tfjs-core', 'tfjs-layers', 'tfjs-backend-cpu'])
    link(join(kit, '@tensorflow', name), `@tensorflow/${name}`);
  for (const name of ['vitest', 'valibot']) link(join(kit, name), name);
  writeFileSync(join(folder, 'plugin.js'), plugin);
  const imports = [
    "'@tensorflow/tfjs-backend-cpu'",
    "'@tensorflow/tfjs-layers'",
    "{ bump, mine } from './plugin.js'",
  ];
  writeFileSync(
    join(folder, 'plugin.test.js'),
    `${imports.map((what) => `import ${what};\n`).join('')}${exampleTest}`,
  );
  const conditions = JSON.stringify(['@bitgrad/source', 'module', 'node', 'development|production']);
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `export default { resolve: { conditions: ${conditions} }, ssr: { resolve: { conditions: ${conditions} } } };`,
  );
  return folder;
}

/** Runs the author's tests; gives how many passed and failed. */
async function runKit(folder: string): Promise<{ passed: number; failed: number; text: string }> {
  const bin = join(realpathSync(join(kit, 'vitest')), 'vitest.mjs');
  const child = spawn(process.execPath, [bin, 'run', '--root', folder, '--reporter=json'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', VITEST: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { stdout, stderr } = await ended(child);
  const begin = stdout.indexOf('{"numTotalTestSuites"');
  const { numPassedTests, numFailedTests } = begin < 0 ? ({} as never) : JSON.parse(stdout.slice(begin));
  return { passed: numPassedTests ?? 0, failed: numFailedTests ?? 0, text: stdout + stderr };
}

describe("the author's plugin of CONTRIBUTING.md", () => {
  it.skipIf(!long)('passes the conformance suite, which finds a formula that does not match', async () => {
    const passed = await runKit(authorFolder(example!));
    expect(passed.failed, passed.text).toBe(0);
    expect(passed.passed, passed.text).toBeGreaterThan(20);

    const wrong = example!.replace('1 - Math.abs(x) / width', '1 - Math.abs(x) / (2 * width)');
    expect(wrong).not.toBe(example);
    expect((await runKit(authorFolder(wrong))).failed).toBeGreaterThan(0);
  });

  it('trains by name', async () => {
    const folder = join(temporaryFolder(), 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "main": "plugin.js" }');
    writeFileSync(join(folder, 'plugin.js'), example!);
    const out = join(folder, '..', 'run');
    const args = ['train', '--plugin', folder, '--quantizer', 'mine', '--quantizer-options', '{"width":2}'];
    const { code, stdout, stderr } = await ended(start([...args, ...tiny, '--out', out, '--json']));
    expect(code, stderr).toBe(0);
    expect(JSON.parse(lastLine(stdout))).toMatchObject({ quantizer: 'mine', finished: true });
  });
});
