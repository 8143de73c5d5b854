// What CONTRIBUTING says about adding a model, a data set, an optimizer and an option, followed: the first three are a file
// each of a plugin outside of the repository, and are then used by name through the command; an option is one entry.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { parseOptions } from '@bitgrad/core';
import { described, identityOf, kinds, optionsTable, resolveRecipe, same } from '@bitgrad/recipe';
import * as v from 'valibot';
import { trainEntries } from '../src/commands/train.js';
import { addOptions } from '../src/options.js';
import { ended, lastLine, start, temporaryFolder } from './run.js';

const files = {
  'package.json': JSON.stringify({ name: 'walk', type: 'module', exports: './index.js' }),
  'two-layers.js': `
import * as tfl from '@tensorflow/tfjs-layers';
import { option } from '@bitgrad/core';
import { defineModel } from '@bitgrad/models';

export const twoLayers = defineModel({
  description: 'two binary layers',
  options: { units: option.integer(1) },
  build(b, input) {
    const flat = b.apply(tfl.layers.flatten({ name: 'flatten' }), input);
    const hidden = b.batchNorm(b.dense(flat, 'hidden', b.channels(b.options.units ?? 16), true), 'bn');
    return b.logits(hidden, b.options.kernelQuantizer);
  },
});`,
  'stripes.js': `
import { createRng } from '@bitgrad/core';
import { createSplit, defineDataset } from '@bitgrad/datasets';

const split = (rng, size) => {
  const images = new Uint8Array(size * 64);
  const labels = Uint8Array.from({ length: size }, (_, i) => i % 2);
  images.forEach((_, at) => {
    const [i, y, x] = [at >> 6, (at >> 3) & 7, at & 7];
    images[at] = (labels[i] ? x : y) % 2 ? 255 : rng.integer(100);
  });
  return createSplit(images, labels, [8, 8, 1]);
};
export const stripes = defineDataset({
  description: 'stripes, drawn',
  load: ({ seed = 0, limit = 400, testLimit = 100 }) => ({
    name: 'stripes',
    classes: ['flat', 'upright'],
    shape: [8, 8, 1],
    train: split(createRng(seed).fork('train'), limit),
    test: split(createRng(seed).fork('test'), testLimit),
  }),
});`,
  'sign-descent.js': `
import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, option } from '@bitgrad/core';
import { defineOptimizer, StepOptimizer } from '@bitgrad/training';

class SignDescent extends StepOptimizer {
  kind = 'sign-descent';
  slotCount = 0;
  constructor(options) {
    super(checkOptions('walk', 'sign-descent', options, { learningRate: option.positive }).learningRate, 0.01);
  }
  update(value, gradient) {
    return [tf.sub(value, tf.mul(tf.sign(gradient), this.learningRate))];
  }
  getConfig() {
    return { name: this.kind, learningRate: this.learningRate };
  }
}
export const signDescent = defineOptimizer({
  description: 'a step of one size along the sign of the gradient',
  create: (options) => new SignDescent(options),
  baseRate: ({ learningRate = 0.01 }) => learningRate,
});`,
  'index.js': `
import { definePlugin } from '@bitgrad/core';
import { signDescent } from './sign-descent.js';
import { stripes } from './stripes.js';
import { twoLayers } from './two-layers.js';

export default definePlugin({
  name: 'walk',
  version: '1.0.0',
  models: { 'two-layers': twoLayers },
  datasets: { stripes },
  optimizers: { 'sign-descent': signDescent },
});`,
};

it('a model, a data set and an optimizer of a plugin are used by name', async () => {
  const folder = join(temporaryFolder(), 'walk');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const out = join(folder, '..', 'run');
  const plugin = ['--plugin', folder];
  const asked = ['--model', 'two-layers', '--model-options', '{"units":24}', '--data', 'stripes', '--optimizer', 'sign-descent']; // prettier-ignore
  const train = ['train', ...plugin, ...asked, '--epochs', '2', '--backend', 'wasm', '--json', '--out', out];
  const trained = await ended(start(train));
  expect(trained.stderr).toContain('two-layers with ste on wasm');
  expect(trained.code).toBe(0);
  expect(JSON.parse(lastLine(trained.stdout))).toMatchObject({
    trainImages: 400,
    testImages: 100,
    testAccuracy: 1,
  });
  const packed = join(folder, '..', 'stripes.bitgrad');
  const [evaluated, compiled, listed, other, wrong] = await Promise.all([
    ended(start(['eval', out, ...plugin, '--json'])),
    ended(start(['compile', out, ...plugin, '-o', packed, '--json'])),
    ended(start(['list', ...plugin, '--json'])),
    ended(start([...train, '--resume', '--model-options', '{"units":25}'])),
    ended(start([...train, '--out', `${out}2`, '--model-options', '{"unit":25}'])),
  ]);
  expect(JSON.parse(lastLine(evaluated.stdout))).toMatchObject({ testAccuracy: 1, images: 100 });
  expect(JSON.parse(lastLine(compiled.stdout))).toMatchObject({ verifiedOn: 'test', testAccuracy: 1 });
  const all = JSON.parse(listed.stdout);
  expect(all.models).toContainEqual({ name: 'two-layers', description: 'two binary layers' });
  expect(all.datasets).toContainEqual({ name: 'stripes', usage: 'stripes', description: 'stripes, drawn' });
  expect(all.optimizers.map(({ name }: { name: string }) => name)).toContain('sign-descent');
  expect(other.stderr).toMatch(/modelOptions/);
  expect(wrong.stderr).toMatch(/has no option "unit".*Did you mean "units"/);
  const run = await ended(start(['run', packed, ...plugin, '--data', 'stripes', '--json']));
  expect(run.stderr).toBe('');
  expect(JSON.parse(lastLine(run.stdout))).toMatchObject({ testAccuracy: 1 });
}, 120_000);

it('an option is one entry: its flag, check, help, table and part in resuming follow', () => {
  const entries = {
    ...trainEntries,
    warmRestarts: v.optional(
      described(kinds.positive, 'how far the rate rises again', { value: '<x>', resume: same }),
      0.1,
    ),
  };
  const command = addOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }), entries);
  const parse = (...args: string[]) => command.parse(args, { from: 'user' }).opts();
  expect(parse().warmRestarts).toBe(0.1);
  expect(parse('--warm-restarts', '0.2', '--model', 'tfc')).toMatchObject({
    warmRestarts: 0.2,
    model: 'tfc',
  });
  expect(() => parse('--warm-restarts', '-1')).toThrow(/--warm-restarts.*Expected a number above 0/);
  expect(command.helpInformation()).toMatch(
    /--warm-restarts <x> +how far the rate rises again \(default: 0.1\)/,
  );
  expect(() => parseOptions('cli', 'train', v.strictObject(entries), { warmRestarts: 'x' })).toThrow(
    /option "warmRestarts" of train: got "x", expected .*a number above 0/,
  );
  expect(optionsTable(entries)).toMatch(/`--warm-restarts <x>` +\| how far the rate rises again +\| `0.1`/);
  const recipe = { ...resolveRecipe({}), warmRestarts: 0.2 };
  expect(identityOf(recipe, { identity: {} }, 'wasm', entries)).toMatchObject({
    warmRestarts: 0.2,
    seed: 1,
  });
});
