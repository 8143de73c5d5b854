// Labels of every kind: losses against their formulas, runs that learn, weights of examples and classes, inputs of any shape.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '@bitgrad/core';
import { createExamples, selectImages, type ExampleParts, type Examples } from '@bitgrad/datasets';
import { batchNorm } from '@bitgrad/layers';
import {
  createScores,
  createTrainer,
  evaluate,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type EpochEvent,
  type TrainerOptions,
} from '../src/index.js';
import { lossNamed, type LossName, type LossOptions } from '../src/losses.js';
import { advance, startCpu, weightBits } from './fixtures.js';

beforeAll(startCpu);

const rng = createRng(3);
const [x, y] = [
  Array.from({ length: 6 }, () => 3 * rng.normal()),
  Array.from({ length: 6 }, () => rng.normal()),
];
const bits = [1, 0, 0, 1, 1, 1];
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

describe('losses', () => {
  const value = (
    name: LossName,
    kind: 'class' | 'labels' | 'values',
    targets: number[],
    options?: LossOptions,
    outputs = x,
  ) => [
    // prettier-ignore
    ...lossNamed(name, kind, options)(tf.tensor2d(outputs, [2, 3]), tf.tensor2d(targets, [2, 3]), { inputs: [] }).dataSync(), // prettier-ignore
  ];
  const rows = (of: (i: number) => number): number[] => [0, 1].map((r) => mean([0, 1, 2].map((c) => of(3 * r + c)))); // prettier-ignore
  const close = (got: readonly number[], want: readonly number[]): void =>
    want.forEach((w, i) => expect(got[i]).toBeCloseTo(w, 5));

  it('binary cross-entropy: of logits and of sigmoids, the same', () => {
    const want = rows(
      (i) => -(bits[i]! * Math.log(sigmoid(x[i]!)) + (1 - bits[i]!) * Math.log(1 - sigmoid(x[i]!))),
    );
    close(value('binary-cross-entropy', 'labels', bits), want);
    close(value('binary-cross-entropy', 'labels', bits, { activated: true }, x.map(sigmoid)), want);
  });
  it('squared, absolute and Huber, in units of a scale', () => {
    const scale = [1, 0.5, 4];
    const d = (i: number): number => (x[i]! - y[i]!) / scale[i % 3]!;
    close(
      value('mean-squared-error', 'values', y, { scale }),
      rows((i) => d(i) ** 2),
    );
    close(
      value('mean-absolute-error', 'values', y, { scale }),
      rows((i) => Math.abs(d(i))),
    );
    const huber = rows((i) => (Math.abs(d(i)) <= 1 ? d(i) ** 2 / 2 : Math.abs(d(i)) - 0.5));
    close(value('huber', 'values', y, { scale }), huber);
  });
  it('cross-entropy with weights of classes, and over positions their mean', () => {
    const oneHot = [0, 1, 0, 0, 0, 1];
    const of = (r: number, c: number) => {
      const logits = x.slice(3 * r, 3 * r + 3);
      return Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0)) - logits[c]!;
    };
    const want = [2 * of(0, 1), 5 * of(1, 2)];
    close(value('cross-entropy', 'class', oneHot, { classWeights: [1, 2, 5] }), want);
    const positions = lossNamed('cross-entropy', 'class');
    const [outputs, targets] = [tf.tensor4d(x, [1, 1, 2, 3]), tf.tensor4d(oneHot, [1, 1, 2, 3])] as never as [tf.Tensor2D, tf.Tensor2D]; // prettier-ignore
    close([...positions(outputs, targets, { inputs: [] }).dataSync()], [(of(0, 1) + of(1, 2)) / 2]);
  });
  it('are for one kind of labels', () => {
    expect(() => lossNamed('huber', 'class')).toThrow(/loss huber.*values.*expected cross-entropy/);
  });
});

it('scores of values: errors and the coefficient of determination', () => {
  const scores = createScores('values', 2);
  scores.add([1, 10, 2, 10], [1, 12, 4, 8]);
  scores.add([6, 10], [7, 10]);
  expect(scores.errors()).toEqual({
    meanAbsolute: [1, 4 / 3],
    rootMeanSquare: [Math.sqrt(5 / 3), Math.sqrt(8 / 3)],
    determination: [1 - 5 / 18, 1 - 8 / 8],
  });
});

/** Rows of numbers, and what follows from them. */
function rowsOf(
  kind: 'class' | 'labels' | 'values',
  size: number,
  more: Partial<ExampleParts> = {},
): Examples {
  const random = createRng(8);
  const inputs = Float32Array.from({ length: size * 4 }, () => random.normal());
  const row = (i: number) => inputs.subarray(4 * i, 4 * i + 4);
  const numbers = Array.from({ length: size }, (_, i) => i);
  const labels = {
    class: () => Uint8Array.from(numbers, (i) => (row(i)[0]! > row(i)[1]! ? 1 : 0)),
    labels: () => Uint8Array.from(numbers.flatMap((i) => [row(i)[0]! > 0 ? 1 : 0, row(i)[1]! > 0 ? 1 : 0])),
    values: () => Float32Array.from(numbers.flatMap((i) => [2 * row(i)[0]! + 3, row(i)[1]! - row(i)[2]!])),
  };
  return createExamples({ inputs, shape: [4], labels: labels[kind](), kind, ...(kind !== 'class' && { labelShape: [2] }), ...more }); // prettier-ignore
}
const network = (activation: 'linear' | 'sigmoid' = 'linear'): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 16, activation: 'relu', inputShape: [4], kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) }), // prettier-ignore
      tfl.layers.dense({
        units: 2,
        activation,
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }),
      }),
    ],
  });
const make = (train: Examples, options: Partial<TrainerOptions> = {}) =>
  createTrainer({ model: network(), train, test: train, epochs: 12, batchSize: 16, learningRate: 0.02, flipEvery: 0, ...options }); // prettier-ignore
const lastOf = async (trainer: ReturnType<typeof make>): Promise<EpochEvent> =>
  (await advance(trainer)).filter((e): e is EpochEvent => e.type === 'epoch').at(-1)!;

describe('rows of numbers', () => {
  it.each(['linear', 'sigmoid'] as const)('several labels, of outputs that are %s', async (activation) => {
    const train = rowsOf('labels', 200);
    const trainer = make(train, { model: network(activation) });
    const last = await lastOf(trainer);
    expect(last.hardenedTestAccuracy).toBeGreaterThan(0.93);
    expect(last.accuracy).toBeGreaterThan(0.9);
    const { accuracy, exact, confusion, loss } = await evaluate(trainer.model, train);
    expect([accuracy, loss, confusion]).toEqual([last.hardenedTestAccuracy, last.testLoss, []]);
    expect(exact).toBeLessThanOrEqual(accuracy!);
  });

  it('values: no accuracy, a loss and errors', async () => {
    const train = rowsOf('values', 200);
    const trainer = make(train, { valueScale: [2, 1.4], epochs: 30 });
    const last = await lastOf(trainer);
    expect([last.accuracy, last.hardenedTestAccuracy, last.softToHardGap]).toEqual([null, null, null]);
    expect(last.testLoss).toBeLessThan(0.1);
    const { errors, accuracy } = await evaluate(trainer.model, train);
    expect(accuracy).toBeNull();
    expect(Math.min(...errors!.determination)).toBeGreaterThan(0.9);
  });

  it('resume to the same bits, with weights, and refuse other rows', async () => {
    const weights = Float32Array.from({ length: 60 }, (_, i) => i % 3);
    const options = { epochs: 2, loss: 'huber' } as const;
    const train = rowsOf('values', 60, { weights });
    const [whole, part] = [make(train, options), make(train, options)];
    await advance(whole);
    await advance(part, 3);
    const checkpoint = loadCheckpoint(await saveCheckpoint(part));
    const again = make(train, options);
    restoreCheckpoint(again, checkpoint);
    await advance(again);
    expect(await weightBits(again.model)).toBe(await weightBits(whole.model));
    for (const other of [
      rowsOf('values', 60),
      { ...train, images: train.images.map((v, i) => (i === 17 ? v + 1 : v)) as Float32Array },
    ])
      // prettier-ignore
      expect(() => restoreCheckpoint(make(other, options), checkpoint)).toThrow(/"trainChecksum" differs/);
    expect(() => restoreCheckpoint(make(train, { epochs: 2 }), checkpoint)).toThrow(/"loss" differs/);
  });

  it('weights: 0 leaves an example out, 2 counts it twice', async () => {
    const half = Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? 2 : 0));
    const weighted = make(rowsOf('class', 40, { weights: half }), { epochs: 1, batchSize: 40 });
    const odd = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
    const chosen = make(selectImages(rowsOf('class', 40), odd), { epochs: 1, batchSize: 20 });
    await Promise.all([advance(weighted), advance(chosen)]);
    const values = (trainer: typeof weighted) =>
      trainer.model.weights.flatMap((w) => [...w.read().dataSync()]);
    values(chosen).forEach((v, i) => expect(values(weighted)[i]).toBeCloseTo(v, 5));
  });

  it("a loss of one's own sees inputs and targets", async () => {
    const train = rowsOf('values', 32);
    const seen: number[][] = [];
    const trainer = make(train, {
      epochs: 1,
      loss: (outputs, targets, { inputs }) => {
        seen.push(outputs.shape, targets.shape, inputs[0]!.shape);
        return tf.mean(tf.square(tf.sub(outputs, targets)));
      },
    });
    await advance(trainer, 1);
    expect(seen.slice(0, 3)).toEqual([
      [16, 2],
      [16, 2],
      [16, 4],
    ]);
  });

  it.each([
    [{ valueScale: [1, 1] }, 'class', /"valueScale".*loss of your own or of class/],
    [{ valueScale: [1] }, 'values', /"valueScale".*2 numbers/],
    [{ classWeights: [1] }, 'class', /"classWeights".*2 numbers/],
    [{ labelSmoothing: 0.1 }, 'values', /"labelSmoothing"/],
    [{ normalize: { mean: [0], std: [1] } }, 'class', /"normalize".*beside floats/],
    [{ loss: 'hinge' }, 'class', /"loss".*one of "cross-entropy"/],
  ])('refuse %j of %s', (options, kind, message) => {
    expect(() => make(rowsOf(kind as 'class', 20), options as never)).toThrow(message);
  });
});

describe('inputs and outputs of other shapes', () => {
  it('a class for each pixel', async () => {
    const random = createRng(4);
    const inputs = Uint8Array.from({ length: 24 * 25 }, () => random.integer(256));
    const labels = inputs.map((v) => (v > 127 ? 1 : 0));
    const train = createExamples({ inputs, shape: [5, 5, 1], labels, labelShape: [5, 5] });
    const model = tfl.sequential({
      layers: [tfl.layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [5, 5, 1], kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) })], // prettier-ignore
    });
    const trainer = createTrainer({ model, train, test: train, epochs: 20, batchSize: 8, learningRate: 0.1, flipEvery: 0 }); // prettier-ignore
    const last = await lastOf(trainer);
    expect(last.hardenedTestAccuracy).toBeGreaterThan(0.95);
    const { confusion } = await evaluate(model, train);
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(600);
  });

  it('series and several inputs', async () => {
    const random = createRng(4);
    const [series, extra] = [40 * 6 * 2, 40 * 3].map((length) => Float32Array.from({ length }, () => random.normal())) as [Float32Array, Float32Array]; // prettier-ignore
    const labels = Uint8Array.from({ length: 40 }, (_, i) => (extra[3 * i]! + series[12 * i]! > 0 ? 1 : 0));
    const train = createExamples({
      inputs: series,
      shape: [6, 2],
      labels,
      more: [{ values: extra, shape: [3] }],
    });
    const [a, b] = [tfl.input({ shape: [6, 2] }), tfl.input({ shape: [3] })];
    const flat = tfl.layers.flatten().apply(a) as tfl.SymbolicTensor;
    const joined = tfl.layers.concatenate().apply([flat, b]) as tfl.SymbolicTensor;
    const outputs = tfl.layers.dense({ units: 2, kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) }).apply(joined); // prettier-ignore
    const model = tfl.model({ inputs: [a, b], outputs: outputs as tfl.SymbolicTensor });
    const trainer = createTrainer({ model, train, test: train, epochs: 40, batchSize: 8, learningRate: 0.05, flipEvery: 0 }); // prettier-ignore
    expect((await lastOf(trainer)).hardenedTestAccuracy).toBeGreaterThan(0.9);
    expect(() => createTrainer({ model: network(), train, epochs: 1 })).toThrow(/shape of the images/);
  });
});

it('a frozen batch normalization keeps its averages, and uses them', async () => {
  const frozen = batchNorm({ inputShape: [4], trainable: false, name: 'frozen' });
  const model = tfl.sequential({ layers: [frozen as never, tfl.layers.dense({ units: 2 })] });
  const given = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3], [4, 4, 4, 4]].map((v) => tf.tensor1d(v)); // prettier-ignore
  frozen.setWeights(given);
  const input = tf.ones([3, 4]);
  const [training, inference] = [true, false].map(
    (flag) => frozen.apply(input, { training: flag }) as tf.Tensor,
  );
  expect([...training!.dataSync()]).toEqual([...inference!.dataSync()]);
  await advance(make(rowsOf('class', 20), { model, epochs: 1 }));
  frozen.getWeights().forEach((w, i) => expect([...w.dataSync()]).toEqual([...given[i]!.dataSync()]));
});
