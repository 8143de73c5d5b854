// A toy quantizer in a folder outside of the repository, which has no node_modules and imports published entry points
// only: by name in `bitgrad train --plugin`, in `list`, and through the conformance suite.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended, lastLine, start, temporaryFolder } from './run.js';

const source = `
import { defineForward, defineQuantizer, defineSurrogate, definePlugin, E } from '@bitgrad/core';
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
  options: {},
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

const tiny = ['--model', 'mlp', '--limit', '64', '--test-limit', '32', '--epochs', '1', '--backend', 'wasm'];

describe('a plugin outside of the repository', () => {
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
    ['a module without a plugin', 'export const x = 1;', /exports no plugin \(it exports x\)/],
    ['a module with an error', 'throw new Error("broken inside")', /does not load \(broken inside\)/],
    ['a plugin of the wrong shape', 'export default { name: "x", quantizers: 1 };', /exports no plugin/],
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
