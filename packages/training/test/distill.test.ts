// Learning from a teacher: the loss and its gradient against formulas, a student that becomes its teacher, and a resume.
import * as tf from '@tensorflow/tfjs-core';
import { createRng } from '@bitgrad/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTrainer, loadCheckpoint, restoreCheckpoint, saveCheckpoint } from '../src/index.js';
import type { Distillation, TrainerOptions } from '../src/index.js';
import { distilled, teacherLoss } from '../src/distill.js';
import { lossNamed } from '../src/losses.js';
import { advance, classes, startCpu, stripes, tinyModel, weightBits } from './fixtures.js';

beforeAll(startCpu);

const softmax = (z: readonly number[], t: number): number[] => {
  const e = z.map((v) => Math.exp(v / t));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
};
const rows = (seed: number, n: number): number[][] => {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => Array.from({ length: 4 }, () => 2 * rng.normal()));
};

describe.each([1, 2.5, 8])('the loss at temperature %d', (t) => {
  const [student, teacher] = [rows(1, 5), rows(2, 5)];

  it('is T^2 times the divergence of the student from the teacher', () => {
    const got = teacherLoss(tf.tensor2d(student), tf.tensor2d(teacher), t).dataSync();
    student.forEach((z, i) => {
      const [p, q] = [softmax(teacher[i]!, t), softmax(z, t)];
      const want = t * t * p.reduce((sum, pk, k) => sum + pk * Math.log(pk / q[k]!), 0);
      expect(got[i]).toBeCloseTo(want, 4);
    });
    const same = teacherLoss(tf.tensor2d(teacher), tf.tensor2d(teacher), t).dataSync();
    same.forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-4));
  });

  it('has the gradient T (q - p)', () => {
    const of = (z: tf.Tensor2D): tf.Scalar => tf.sum(teacherLoss(z, tf.tensor2d(teacher), t));
    const gradient = tf
      .grad((z) => of(z as tf.Tensor2D))(tf.tensor2d(student))
      .arraySync() as number[][];
    student.forEach((z, i) => {
      const [p, q] = [softmax(teacher[i]!, t), softmax(z, t)];
      q.forEach((qk, k) => expect(gradient[i]![k]).toBeCloseTo(t * (qk - p[k]!), 4));
    });
  });
});

it('share weighs the teacher against the labels', () => {
  const outputs = tf.tensor2d(rows(3, 3));
  const targets = tf.oneHot(tf.tensor1d([0, 3, 1], 'int32'), 4) as tf.Tensor2D;
  const logits = Float32Array.from(rows(4, 6).flat());
  const hard = lossNamed('cross-entropy', 'class', { labelSmoothing: 0.1 });
  const about = { inputs: [], indices: Int32Array.of(5, 0, 2) };
  const picked = tf.tensor2d([5, 0, 2].map((i) => [...logits.subarray(4 * i, 4 * i + 4)]));
  const [h, s] = [hard(outputs, targets, about).dataSync(), teacherLoss(outputs, picked, 3).dataSync()];
  const both = distilled(hard, { logits, temperature: 3, share: 0.7 })(outputs, targets, about).dataSync();
  both.forEach((value, i) => expect(value).toBeCloseTo(0.7 * s[i]! + 0.3 * h[i]!, 4));
});

const options = (distill?: Distillation, more: Partial<TrainerOptions> = {}): TrainerOptions => ({
  model: tinyModel({ seed: 9 }),
  train: stripes(96, 1),
  epochs: 3,
  batchSize: 16,
  learningRate: 0.01,
  seed: 4,
  ...(distill && { distill }),
  ...more,
});

it('a student learns what its teacher says, whatever the labels are', async () => {
  const teacher = tinyModel({ seed: 1 });
  for await (const event of createTrainer({ ...options(), model: teacher, epochs: 6 }).run()) void event;
  const train = stripes(96, 1);
  const wrong = { ...train, labels: train.labels.map((label) => (label + 1) % classes) };
  const trainer = createTrainer(options({ teacher }, { train: wrong, test: stripes(60, 2), epochs: 8 }));
  const before = await weightBits(teacher);
  const tensors: number[] = [];
  for await (const event of trainer.run()) if (event.type === 'step') tensors.push(tf.memory().numTensors);
  expect(await weightBits(teacher)).toBe(before);
  expect(new Set(tensors.slice(2)).size).toBe(1);
  expect(trainer.metrics().history.at(-1)!.hardenedTestAccuracy!).toBeGreaterThan(0.85);
});

it('saved logits are the teacher, and a resume gives the same bits', async () => {
  const teacher = tinyModel({ seed: 1 });
  const train = stripes(96, 1);
  const images = tf.tensor4d(
    Float32Array.from(train.images, (b) => (b - 127.5) / 127.5),
    [96, 6, 6, 1],
  );
  const logits = (teacher.predict(images) as tf.Tensor).dataSync() as Float32Array;
  const how = { temperature: 2, share: 0.6 };
  const losses = async (distill: Distillation) =>
    (await advance(createTrainer(options(distill)))).flatMap((e) => (e.type === 'step' ? [e.loss] : []));
  const [byTeacher, byLogits] = [await losses({ teacher, ...how }), await losses({ logits, ...how })];
  byTeacher.forEach((loss, i) => expect(byLogits[i]).toBeCloseTo(loss, 3));

  const whole = createTrainer(options({ teacher, ...how }));
  await advance(whole);
  const first = createTrainer(options({ teacher, ...how }));
  await advance(first, 8);
  const rest = createTrainer(options({ teacher, ...how }));
  restoreCheckpoint(rest, loadCheckpoint(await saveCheckpoint(first)));
  await advance(rest);
  expect(await weightBits(rest.model)).toBe(await weightBits(whole.model));
  const other = createTrainer(options({ teacher, ...how, temperature: 3 }));
  const saved = loadCheckpoint(await saveCheckpoint(first));
  expect(() => restoreCheckpoint(other, saved)).toThrow(/"distill" differs/);
});

it.each([
  [{}, /neither/],
  [{ teacher: {} as never }, /createTrainer \(distill.teacher\)/],
  [{ logits: new Float32Array(5) }, /got 5, expected 96 \* 3/],
  [{ logits: new Float32Array(288), share: 0 }, /share.*above 0, 1 or less/],
  [{ logits: new Float32Array(288), temperature: 0 }, /temperature/],
  [{ logits: new Float32Array(288), temprature: 2 }, /Did you mean "(distill\.)?temperature"/],
])('refuses %j', (distill, message) => {
  expect(() => createTrainer(options(distill as Distillation))).toThrow(message);
});

it('refuses saved logits of images that are changed, and both at once', () => {
  const logits = new Float32Array(288);
  expect(() => createTrainer(options({ logits }, { augment: { shift: 1 } }))).toThrow(/beside augmentation/);
  expect(() => createTrainer(options({ logits, teacher: tinyModel() }))).toThrow(/both/);
});
