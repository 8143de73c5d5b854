// A run from its recipe: trained, evaluated, resumed, packed; and a recipe that is none.
import '@tensorflow/tfjs-backend-cpu';
import type { Dataset } from '@bitgrad/datasets';
import { use } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { decodeModel } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  infoOf,
  modelOf,
  openRun,
  optionsOf,
  parseAugment,
  recipeEntries,
  resolveRecipe,
  startBackend,
} from '../src/index.js';
import { stripes } from './support.js';
import type { Files, RecipeInput } from '../src/index.js';

beforeAll(() => use(stePlugin));

const dataset: Dataset = { name: 'stripes', classes: ['flat', 'upright'], shape: [8, 8, 1], train: stripes(1, 200), test: stripes(2, 50) }; // prettier-ignore
const recipe: RecipeInput = {
  model: 'mlp',
  modelOptions: { hidden: [16] },
  epochs: 4,
  batch: 20,
  lr: 0.01,
  seed: 3,
};
const bytesOf = (files: Files, name: string) => files[name] as Uint8Array;

describe('openRun', () => {
  it('trains, evaluates, saves and packs, on the backend that runs', async () => {
    const run = await openRun(recipe, { dataset });
    expect(run.result()).toMatchObject({ finished: false, testAccuracy: null, steps: 0 });
    const epochs: number[] = [];
    expect(await run.train({ onEvent: (event) => event.type === 'epoch' && epochs.push(event.epoch) })).toBe(
      true,
    );
    expect(epochs).toEqual([0, 1, 2, 3]);
    const result = run.result();
    expect(result).toMatchObject({
      finished: true,
      testAccuracy: 1,
      steps: 40,
      backend: 'cpu',
      quantizer: 'ste',
    });
    expect((await run.evaluate('train'))!.hardenedTestAccuracy).toBeGreaterThan(0.95);
    let files: Files = {};
    await run.save((given) => (files = given));
    expect(Object.keys(files).sort()).toEqual(['bitgrad.json', 'model.json', 'weights.bin']);
    const utf8 = (name: string) => new TextEncoder().encode(files[name] as string);
    const info = infoOf('bitgrad.json', utf8('bitgrad.json'));
    expect(info).toMatchObject({ classes: ['flat', 'upright'], finished: true, clock: { step: 40 } });
    const model = await modelOf('here', new Map([['model.json', utf8('model.json')], ['weights.bin', bytesOf(files, 'weights.bin')]])); // prettier-ignore
    expect(model.countParams()).toBe(run.model.countParams());
    let packed = new Uint8Array();
    const { agreement } = await run.pack((bytes) => (packed = new Uint8Array(bytes)));
    expect(agreement).toMatchObject({ argmax: 1, samples: 50, accuracy: 1 });
    expect(decodeModel(packed).metadata).toMatchObject({ name: 'mlp', classes: ['flat', 'upright'] });
    await expect(run.save('somewhere')).rejects.toThrow(/a path where nothing can write it.*a function/s);
    await run.dispose();
  });

  it('draws digits where no other data set is registered', async () => {
    const run = await openRun({ ...recipe, data: 'digits', limit: 30, testLimit: 10 });
    expect([run.data.train.size, run.data.test.size, run.data.name]).toEqual([30, 10, 'digits']);
    await run.dispose();
    await expect(openRun({ ...recipe, data: 'digits', fit: 'cover' })).rejects.toThrow(/--fit: got "cover"/);
    await expect(openRun({ ...recipe, data: 'mnist:x' })).rejects.toThrow(/data set: got "mnist:x"/);
  });

  it('resumes to the same bits, and refuses another recipe', async () => {
    const whole = await openRun(recipe, { dataset });
    await whole.train();
    const begun = await openRun(recipe, { dataset });
    const stop = new AbortController();
    const finished = await begun.train({
      signal: stop.signal,
      onEvent: (event) => event.type === 'step' && event.step === 7 && stop.abort(),
    });
    expect(finished).toBe(false);
    const checkpoint = await begun.checkpoint();
    const resumed = await openRun(recipe, { dataset });
    expect(resumed.resume(checkpoint).clock.step).toBe(7);
    await resumed.train();
    const weights = async (run: typeof whole) => bytesOf(await run.files(), 'weights.bin');
    expect(await weights(resumed)).toEqual(await weights(whole));
    const other = await openRun({ ...recipe, seed: 4 }, { dataset });
    expect(() => other.resume(checkpoint)).toThrow(/option "seed" differs/);
    for (const run of [whole, begun, resumed, other]) await run.dispose();
  });

  it('gives weight decay, label smoothing and clipping to the trainer', async () => {
    const more = { optimizer: 'adamw', weightDecay: 0.02, labelSmoothing: 0.1, clipNorm: 2 };
    const run = await openRun({ ...recipe, ...more }, { dataset });
    expect(run.trainer.config).toMatchObject({
      optimizer: { name: 'adamw', weightDecay: 0.02 },
      labelSmoothing: 0.1,
      clipNorm: 2,
    });
    await run.dispose();
  });

  it.each([
    [{ weightDecay: 0.1 }, /adam has no option "weightDecay"/],
    [
      { optimizer: 'sgd', weightDecay: 0.1, optimizerOptions: { weightDecay: 0.2 } },
      /"weightDecay" in --optimizer-options: got 0.2. --weight-decay decides it/,
    ],
    [{ lrScheduleOptions: { kind: 'step' } }, /"kind" in --lr-schedule-options/],
    [{ lrScheduleOptions: { powr: 2 } }, /a learning-rate schedule has no option "powr".*"power"/],
    [{ validation: 1 }, /option "validation".*above 0 and below 1/],
    [{ keepBest: true }, /"keepBest" of createTrainer without a validation split/],
    [{ validation: 0.2, earlyStopDelta: 1 }, /--early-stop-delta: got 1. It is for --early-stop/],
    [{ labelSmoothing: 1 }, /option "labelSmoothing".*a number from 0 to below 1/],
    [{ clipNorm: 0 }, /option "clipNorm".*a number above 0/],
    [{ epoch: 3 }, /the recipe has no option "epoch".*Did you mean "epochs"/],
    [{ epochs: 0 }, /option "epochs" of the recipe: got 0, expected an integer, 1 or more/],
    [{ lrSchedule: 'steep' }, /option "lrSchedule".*"steep"/],
    [{ model: 'cmn' }, /model: got "cmn".*Did you mean "cnn"/],
    [{ optimizer: 'adamx' }, /optimizer: got "adamx", expected one of adam, .*sgd/],
    [{ quantizer: 'nope' }, /quantizer is not registered: got "nope"/],
    [{ augment: 'flop' }, /--augment: got "flop"/],
    [{ backend: 'abacus' }, /backend: got "abacus", expected auto or one of cpu/],
    [{ modelOptions: { seed: 1 } }, /"seed" in --model-options.*--seed decides it/],
    [null, /recipe: got/],
  ])('refuses %j', async (wrong, message) => {
    const given = wrong === null ? null : { ...recipe, ...wrong };
    await expect(openRun(given as never, { dataset })).rejects.toThrow(message);
  });
});

describe('the schema', () => {
  it('fills in every default, and takes what it gives', () => {
    const all = resolveRecipe({});
    expect(all).toMatchObject({
      model: 'cnn',
      data: 'digits',
      epochs: 3,
      batch: 64,
      optimizer: 'adam',
      seed: 1,
    });
    expect(resolveRecipe(all)).toEqual(all);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });

  it('says of every option what it does', () => {
    for (const { name, text, value, type } of optionsOf(recipeEntries)) {
      expect(text, name).not.toBe('');
      expect(value !== undefined, name).toBe(type !== 'boolean');
    }
  });
});

it('a backend is the first that runs, or the one that is named', async () => {
  const adapter = (name: string, available: boolean) => ({
    name,
    load: () => ({
      name,
      capabilities: { fusedKernels: [], gpu: false },
      probe: () => Promise.resolve({ available, reason: available ? '' : 'broken', features: {} }),
      start: () => Promise.resolve(),
      report: () => ({}),
      dispose: () => Promise.resolve(),
    }),
  });
  const missing = {
    name: 'gone',
    package: 'gone-package',
    load: () => Promise.reject(new Error('no module')),
  };
  const sources = [missing, adapter('one', false), adapter('two', true)];
  const { backend, skipped } = await startBackend(sources, 'auto');
  expect(backend.name).toBe('two');
  expect(skipped.map(({ reason }) => reason)).toEqual([expect.stringMatching(/no module.*npm install gone-package/), 'broken']); // prettier-ignore
  await expect(startBackend(sources, 'one')).rejects.toThrow(/backend one cannot start: broken/);
  await expect(startBackend(sources, 'three')).rejects.toThrow(/auto or one of gone, one, two/);
});

it('augmentation from text', () => {
  expect(parseAugment('none')).toBeUndefined();
  expect(parseAugment('shift:4,flip,cutout:8,erase,mixup:0.2')).toEqual({
    shift: 4,
    flip: true,
    cutout: 8,
    erase: {},
    mixup: 0.2,
  });
  expect(parseAugment('crop:2,erase:0.25')).toEqual({ crop: { padding: 2 }, erase: { probability: 0.25 } });
  expect(parseAugment('crop:4:middle,same-on-batch')).toEqual({
    crop: { padding: 4, mode: 'middle' },
    sameOnBatch: true,
  });
});

it.each([
  'cutout',
  'cutout:1.5',
  'erase:2',
  'erase:x',
  'mixup:0',
  'mixup',
  'flip:1',
  'shift:',
  'flip,flip',
  'shift:2:zero',
  'crop:2:edge',
  'crop:2:',
  'same-on-batch:1',
  'crop:1:zero:2',
])('refuses augmentation %s', (text) =>
  expect(() => parseAugment(text)).toThrow(/--augment: got.*expected (none, or some of shift|each)/),
);
