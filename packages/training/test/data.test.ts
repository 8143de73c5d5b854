// Models, data and options as users give them: what does not fit is refused before anything runs.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { createDigits, createSplit, type Split } from '@bitgrad/datasets';
import { createTrainer, evaluate, evaluateGap, type TrainerOptions } from '../src/index.js';
import { advance, classes, startCpu, stripes, tinyModel } from './fixtures.js';

beforeAll(startCpu);

const good = stripes(20, 1);
const { images, labels, size, shape } = good;
const floats = Float32Array.from(images, (v) => v / 255);

const splits: [name: string, split: unknown, message: RegExp][] = [
  ['floats', { ...good, images: floats }, /Uint8Array of bytes.*255 \* v/],
  ['plain arrays', { ...good, images: [...images] }, /Uint8Array\.from/],
  ['tensors', { ...good, images: tf.tensor1d(floats) }, /a tensor/],
  ['labels of -1', { ...good, labels: Int32Array.from(labels, (v) => v - 1) }, /labels of/],
  ['labels from 1', { ...good, labels: labels.map((v) => v + 1) }, /count from 1: subtract 1/],
  [
    'one-hot labels',
    { ...good, labels: Array.from(labels, (v) => [0, 1, 2].map((c) => +(c === v))) },
    /row\.indexOf\(1\)/,
  ],
  ['fractional labels', { ...good, labels: Float32Array.from(labels, (v) => v / 2) }, /regression/],
  ['names', { ...good, labels: Array.from(labels, (v) => 'abc'[v]) }, /classes\.indexOf/],
  ['too few labels', { ...good, labels: labels.slice(10) }, /got 720, expected 360/],
  ['too few images', { ...good, images: images.slice(36) }, /got 684, expected 720/],
  ['no size', { images, labels, shape }, /size of the split.*createSplit/],
  ['a wrong size', { ...good, size: size - 1 }, /got 19, expected 20/],
  ['a shape of one number', { ...good, shape: [36] }, /image shape/],
  ["a shape that is not the model's", { ...good, shape: [4, 9, 1] }, /got \[4,9,1\], expected "?\[6, 6, 1\]/],
  ['no images', createSplit(new Uint8Array(0), new Uint8Array(0), [6, 6, 1]), /no images/],
  ['a whole data set', createDigits({ train: 1, test: 1 }), /Give its train or its test/],
  ['a promise', Promise.resolve(good), /Await it/],
  ['nothing', undefined, /nothing/],
];

it.each(splits)('refuses %s', async (_, split, message) => {
  const bad = split as Split;
  expect(() => createTrainer({ model: tinyModel(), train: bad, epochs: 1 })).toThrow(message);
  if (bad !== undefined)
    expect(() => createTrainer({ model: tinyModel(), train: good, test: bad, epochs: 1 })).toThrow(message);
  await expect(evaluate(tinyModel(), bad)).rejects.toThrow(message);
  await expect(evaluateGap(tinyModel(), bad)).rejects.toThrow(message);
});

it('refuses bytes that are all 0 or 1, unless that is said', async () => {
  const train = { ...good, images: images.map((v) => (v > 120 ? 1 : 0)) };
  const make = (options: Partial<TrainerOptions> = {}) =>
    createTrainer({ model: tinyModel(), train, epochs: 1, ...options });
  expect(make).toThrow(/no byte above 1.*normalize: \{ mean: \[0\.5\], std: \[0\.5\] \}/);
  await advance(make({ normalize: { mean: [0.5], std: [0.5] } }));
});

it.each<[string, () => unknown, RegExp]>([
  ['a name', () => 'cnn', /model given to createTrainer: got "cnn".*createModel/],
  ['a promise', () => Promise.resolve(tinyModel()), /await it/],
  ['nothing', () => undefined, /got "nothing"/],
  ['a layer', () => tfl.layers.dense({ units: 3 }), /a single layer/],
  ['an empty model', () => tfl.sequential(), /a model without layers/],
  ['a disposed model', () => (tinyModel().dispose(), disposed()), /was disposed/],
  ['a frozen model', frozen, /no trainable weights.*trainable/],
  ['several outputs', () => twoOutputs(), /output of the model.*one tensor/],
])('refuses %s as a model', (_, model, message) => {
  expect(() => createTrainer({ model: model() as never, train: good, epochs: 1 })).toThrow(message);
});

function disposed(): tfl.LayersModel {
  const model = tinyModel();
  model.dispose();
  return model;
}
function frozen(): tfl.LayersModel {
  const model = tinyModel();
  model.layers.forEach((layer) => (layer.trainable = false));
  return model;
}
function twoOutputs(): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 6, 1] });
  const flat = tfl.layers.flatten().apply(input);
  const outputs = [1, 2].map(() => tfl.layers.dense({ units: classes }).apply(flat) as tfl.SymbolicTensor);
  return tfl.model({ inputs: input, outputs });
}

it.each<[object, RegExp]>([
  [{ lr: 5 }, /no option "lr".*Did you mean "learningRate"/],
  [{ sampleWeights: [1] }, /no option "sampleWeights"/],
  [{ callbacks: [] }, /no option "callbacks"/],
  [{ batch: 5 }, /Did you mean "batchSize"/],
  [{ schedule: { kind: 'cosine', warmup: 5 } }, /no option "warmup".*Did you mean "warmupSteps"/],
  [{ augment: { rotate: 10, flipp: true } }, /no option "augment\.rotate"/],
  [{ augment: { flipp: true } }, /Did you mean "flip"/],
  [{ normalize: { mean: [0], sd: [1] } }, /no option "normalize\.sd".*Did you mean "std"/],
  [{ normalize: { mean: [0, 0, 0], std: [1, 1, 1] } }, /1 or 1 finite numbers/],
  [{ loss: 'mse' }, /"loss" of createTrainer: got "mse", expected one of "cross-entropy".*a function/],
  [{ yieldEveryMs: -1 }, /"yieldEveryMs"/],
])('refuses %j', (options, message) => {
  expect(() => createTrainer({ model: tinyModel(), train: good, epochs: 1, ...options })).toThrow(message);
});

it('refuses options of evaluate, run and losses that are none', async () => {
  await expect(evaluate(tinyModel(), good, { batch: 5 } as never)).rejects.toThrow(
    /Did you mean "batchSize"/,
  );
  await expect(evaluateGap(tinyModel(), good, { hard: true } as never)).rejects.toThrow(/no option "hard"/);
  const make = (loss?: unknown) =>
    createTrainer({ model: tinyModel(), train: good, epochs: 1, loss: loss as never });
  await expect(
    make()
      .run({ abort: 1 } as never)
      .next(),
  ).rejects.toThrow(/no option "abort"/);
  await expect(
    make()
      .run(new AbortController().signal as never)
      .next(),
  ).rejects.toThrow(/expected \{ signal \}/);
  await expect(advance(make(() => 3))).rejects.toThrow(
    /"loss" of createTrainer gave: got 3, expected a scalar/,
  );
  await expect(advance(make((z: tf.Tensor) => tf.sum(z, 0)))).rejects.toThrow(/a tensor of shape \[3\]/);
});

const ending = (units: number, activation?: 'softmax' | 'sigmoid'): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [6, 6, 1] }),
      tfl.layers.dense({ units, activation, kernelInitializer: tfl.initializers.randomNormal({ seed: 3 }) }),
    ],
  });

it.each([
  ['softmax', ending(classes, 'softmax'), /ends in a softmax.*Leave the last activation out/],
  ['sigmoids', ending(classes, 'sigmoid'), /ends in a sigmoid/],
  ['one number', ending(1), /ends in one number/],
])('refuses a model that ends in %s, unless a loss is given', (_, model, message) => {
  const train = { ...good, labels: good.labels.map(() => 0) };
  expect(() => createTrainer({ model, train, epochs: 1 })).toThrow(message);
  createTrainer({ model, train, epochs: 1, loss: (y, t) => tf.losses.meanSquaredError(t, y) });
});

it('evaluates probabilities as probabilities', async () => {
  const [logits, probabilities] = [ending(classes), ending(classes, 'softmax')];
  probabilities.setWeights(logits.getWeights());
  const [a, b] = [await evaluate(logits, good), await evaluate(probabilities, good)];
  expect(b.accuracy).toBe(a.accuracy);
  expect(b.loss).toBeCloseTo(a.loss, 4);
});
