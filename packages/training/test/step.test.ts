// Smoothed labels and clipped gradients in a step of the trainer, against their formulas.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createTrainer, sgd, type TrainerOptions } from '../src/index.js';
import { lossNamed } from '../src/losses.js';
import { targetsOf } from '../src/step.js';
import { startCpu, stripes, tinyModel } from './fixtures.js';

beforeAll(startCpu);

it('smoothed labels: cross-entropy with (1 - s) y + s / classes', () => {
  const [logits, labels] = [tf.tensor2d([[1, -2, 0.5]]), tf.tensor2d([[0, 1, 0]])];
  const z = [1, -2, 0.5];
  const total = Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0));
  for (const s of [0, 0.1, 0.6]) {
    const want = z.reduce((sum, v, i) => sum - ((i === 1 ? 1 - s : 0) + s / 3) * (v - total), 0);
    const loss = lossNamed('cross-entropy', 'class', { labelSmoothing: s });
    expect(loss(logits, labels, { inputs: [] }).dataSync()[0]).toBeCloseTo(want, 5);
  }
});

/** The change of all weights by one step of plain SGD at rate 1: the gradients, negated. */
async function gradients(options: Partial<TrainerOptions>): Promise<{ values: number[]; norm: number }> {
  const model = tinyModel({ kernelQuantizer: undefined });
  const read = (): number[] => model.trainableWeights.flatMap((w) => [...w.read().dataSync()]);
  const before = read();
  const trainer = createTrainer({
    model,
    train: stripes(16, 1),
    epochs: 1,
    batchSize: 16,
    optimizer: sgd({ learningRate: 1, momentum: 0 }),
    schedule: 'constant',
    ...options,
  });
  for await (const event of trainer.run()) void event;
  const values = read().map((v, i) => before[i]! - v);
  return { values, norm: Math.hypot(...values) };
}

it('clipNorm scales all gradients together, and only those that are too large', async () => {
  const free = await gradients({});
  const most = free.norm / 3;
  const clipped = await gradients({ clipNorm: most });
  expect(clipped.norm).toBeCloseTo(most, 3);
  clipped.values.forEach((v, i) => expect(v).toBeCloseTo(free.values[i]! / 3, 4));
  expect((await gradients({ clipNorm: free.norm * 2 })).values).toEqual(free.values);
});

it('labelSmoothing trains on smoothed labels; beside a loss of one’s own it is an error', async () => {
  const smoothed = await gradients({ labelSmoothing: 0.3 });
  const own = (labelSmoothing: number) => lossNamed('cross-entropy', 'class', { labelSmoothing });
  const same = await gradients({ loss: own(0.3) });
  expect(smoothed.values).toEqual(same.values);
  expect(smoothed.values).not.toEqual((await gradients({})).values);
  await expect(gradients({ labelSmoothing: 0.3, loss: own(0) })).rejects.toMatchObject({
    code: 'invalid-option',
  });
  await expect(gradients({ labelSmoothing: 1 })).rejects.toMatchObject({ code: 'invalid-option' });
  await expect(gradients({ clipNorm: 0 })).rejects.toMatchObject({ code: 'invalid-option' });
});

it('mixed images: cross-entropy is l times that of one label and 1 - l times that of the other', () => {
  const batch = { size: 2, labels: Int32Array.of(0, 2), mix: { share: 0.7, labels: Int32Array.of(2, 1) } };
  const answers = { kind: 'class', shape: [3] } as const;
  const logits = tf.tensor2d([
    [1, -2, 0.5],
    [0, 3, -1],
  ]);
  const loss = lossNamed('cross-entropy', 'class');
  const of = (labels: Int32Array) =>
    loss(logits, targetsOf({ size: 2, labels }, answers) as tf.Tensor2D, { inputs: [] }).dataSync();
  const [own, others] = [of(batch.labels), of(batch.mix.labels)];
  const mixed = loss(logits, targetsOf(batch, answers) as tf.Tensor2D, { inputs: [] }).dataSync();
  mixed.forEach((value, i) => expect(value).toBeCloseTo(0.7 * own[i]! + 0.3 * others[i]!, 5));
});

it('mixup trains on mixed labels, the same again for the same seed', async () => {
  const mixed = await gradients({ augment: { mixup: 0.4 }, seed: 2 });
  expect((await gradients({ augment: { mixup: 0.4 }, seed: 2 })).values).toEqual(mixed.values);
  expect((await gradients({ seed: 2 })).values).not.toEqual(mixed.values);
});
