// The customGrad plumbing: F forward, B backward, prepare differentiated, scale detached, no leaks.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { binarySignFixture, clippedFixture } from './fixtures.js';
import {
  batchNormTrain,
  defineForward,
  defineQuantizer,
  defineSurrogate,
  E,
  growingSchedule,
  initialClock,
  quantize,
  sampleSurrogate,
  softmaxCrossEntropy,
  type QuantizerSite,
} from '../src/index.js';

const site: QuantizerSite = { role: 'kernel', shape: [4], channelAxes: [-1] };
const points = [-2, -1, -0.5, -0, 0, 1e-30, 0.5, 1, 1.0000001, Infinity, -Infinity];

describe('quantize', () => {
  it('applies sign forward and the clipped surrogate backward, at the boundaries too', () => {
    const quantizer = defineQuantizer({
      name: 'q',
      options: {},
      description: '',
      forward: binarySignFixture,
      surrogate: clippedFixture,
    });
    const x = tf.tensor1d(points);
    const y = quantize(quantizer, x, { site });
    expect([...y.dataSync()]).toEqual([-1, -1, -1, 1, 1, 1, 1, 1, 1, 1, -1]);
    const dx = tf.grad((t) => tf.sum(tf.mul(quantize(quantizer, t, { site }), 3)))(x);
    expect([...dx.dataSync()]).toEqual([0, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0]);
  });

  it('differentiates prepare and keeps scale constant', () => {
    const forward = defineForward({
      name: 'shifted',
      options: {},
      alphabet: 'pm1',
      levels: [-1, 1],
      soft: false,
      formula: (x) => (x < 0 ? -1 : 1),
      expression: () => E.sign(E.input('x')),
      prepare: (x) => tf.mul(x, 2),
      scale: (x) => tf.mean(tf.abs(x)),
    });
    const quantizer = defineQuantizer({
      name: 'q',
      options: {},
      description: '',
      forward,
      surrogate: clippedFixture,
    });
    const x = tf.tensor1d([-0.25, 0.4, 3, -0.1]);
    const scale = (0.5 + 0.8 + 6 + 0.2) / 4;
    expect([...quantize(quantizer, x, { site }).dataSync()]).toEqual(
      [-1, 1, 1, -1].map((s) => Math.fround(s * scale)),
    );
    // d = 2 (prepare) * scale * B(2x); a scale that leaked into the gradient would add to every entry.
    const dx = tf
      .grad((t) => tf.sum(quantize(quantizer, t, { site })))(x)
      .dataSync();
    [2 * scale, 2 * scale, 0, 2 * scale].forEach((d, i) => expect(dx[i]).toBeCloseTo(d, 5));
  });

  it('leaks no tensors', () => {
    const quantizer = defineQuantizer({
      name: 'q',
      options: {},
      description: '',
      forward: binarySignFixture,
      surrogate: clippedFixture,
    });
    const x = tf.tensor1d(points);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) {
      quantize(quantizer, x, { site }).dispose();
      tf.grad((t) => tf.sum(quantize(quantizer, t, { site })))(x).dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});

describe('batchNormTrain', () => {
  it('equals tfjs moments + batchNorm, with its gradients', () => {
    const x = tf.randomNormal([5, 3, 2, 4], 1, 2, 'float32', 7);
    const gamma = tf.tensor1d([1, -2, 0, 0.5]);
    const beta = tf.tensor1d([0, 1, -1, 2]);
    const weight = tf.randomNormal(x.shape, 0, 1, 'float32', 8);
    const own = tf.grads((a, g, b) => tf.sum(tf.mul(weight, batchNormTrain(a, g, b, 1e-3).y)))([
      x,
      gamma,
      beta,
    ]);
    const stock = tf.grads((a, g, b) => {
      const { mean, variance } = tf.moments(a, [0, 1, 2]);
      return tf.sum(
        tf.mul(
          weight,
          tf.batchNorm(
            a as tf.Tensor4D,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            b as tf.Tensor1D,
            g as tf.Tensor1D,
            1e-3,
          ),
        ),
      );
    })([x, gamma, beta]);
    own.forEach((gradient, i) => {
      const error = tf.max(tf.abs(tf.sub(gradient, stock[i]!))).dataSync()[0]!;
      expect(error).toBeLessThan(1e-4);
    });
  });
});

describe('batchNormTrain statistics', () => {
  it('outlive the op, in and out of a gradient, without leaks', () => {
    const x = tf.tensor2d([
      [1, 10],
      [3, 30],
    ]);
    const [gamma, beta] = [tf.ones([2]), tf.zeros([2])];
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { mean, variance } = batchNormTrain(x, gamma, beta, 1e-3);
      expect([...mean.dataSync(), ...variance.dataSync()]).toEqual([2, 20, 1, 100]);
    });
    let seen: number[] = [];
    const dx = tf.grad((t) => {
      const { y, mean } = batchNormTrain(t, gamma, beta, 1e-3);
      seen = [...mean.dataSync()];
      return tf.sum(y);
    })(x);
    dx.dispose();
    expect(seen).toEqual([2, 20]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('softmaxCrossEntropy', () => {
  it('equals its formula in float64, large logits included, with gradient softmax - labels', () => {
    const rows = [
      [1, 2, 3],
      [1000, -1000, 0],
      [0, 0, 0],
    ];
    const hot = [2, 0, 1];
    const labels = tf.oneHot(tf.tensor1d(hot, 'int32'), 3) as tf.Tensor2D;
    const logits = tf.tensor2d(rows);
    const loss = softmaxCrossEntropy(logits, tf.cast(labels, 'float32')).dataSync();
    const dx = tf
      .grad((t) => tf.sum(softmaxCrossEntropy(t as tf.Tensor2D, tf.cast(labels, 'float32'))))(logits)
      .arraySync() as number[][];
    rows.forEach((row, i) => {
      const top = Math.max(...row);
      const total = row.reduce((s, v) => s + Math.exp(v - top), 0);
      expect(loss[i]).toBeCloseTo(top + Math.log(total) - row[hot[i]!]!, 4);
      row.forEach((v, k) =>
        expect(dx[i]![k]).toBeCloseTo(Math.exp(v - top) / total - (k === hot[i] ? 1 : 0), 5),
      );
    });
  });
});

describe('the parts of a quantizer', () => {
  const define = (change: object) =>
    defineQuantizer({
      name: 'q',
      options: {},
      description: '',
      forward: binarySignFixture,
      surrogate: clippedFixture,
      ...change,
    });
  const soft = defineForward({
    ...binarySignFixture,
    soft: true,
    formula: (x, { mu = 1 }) => Math.tanh(mu * x),
    expression: ({ mu = 1 }) => E.tanh(E.mul(E.input('x'), mu)),
    hardExpression: () => E.sign(E.input('x')),
  });
  const x = tf.tensor1d([-2, 0.5]);

  it('hard ignores the schedule; otherwise the schedule gives the scalars at the clock', () => {
    const quantizer = define({
      forward: soft,
      schedule: growingSchedule('mu', { growth: 'linear', start: 1, end: 3 }),
    });
    const clock = { ...initialClock, step: 5, totalSteps: 10 };
    const at = (options: object) => [...quantize(quantizer, x, { site, ...options }).dataSync()];
    at({}).forEach((v, i) => expect(v).toBeCloseTo(Math.tanh([-2, 0.5][i]!), 6));
    at({ clock }).forEach((v, i) => expect(v).toBeCloseTo(Math.tanh([-4, 1][i]!), 6));
    expect(at({ clock, hard: true })).toEqual([-1, 1]);
  });

  it('augment runs in training steps only, and not when hard', () => {
    const quantizer = define({ augment: (y: tf.Tensor, latent: tf.Tensor) => tf.add(y, tf.mul(latent, 10)) });
    const at = (options: object) => [...quantize(quantizer, x, { site, ...options }).dataSync()];
    expect(at({})).toEqual([-1, 1]);
    expect(at({ training: true })).toEqual([-21, 6]);
    expect(at({ training: true, hard: true })).toEqual([-1, 1]);
    const dx = tf.grad((t) => tf.sum(quantize(quantizer, t, { site, training: true })))(x);
    expect([...dx.dataSync()]).toEqual([10, 11]);
  });

  it('statistics reach both expressions and are detached', () => {
    const peak = (t: tf.Tensor) => ({ peak: tf.max(tf.abs(t)) });
    const forward = defineForward({
      ...binarySignFixture,
      expression: () => E.sign(E.sub(E.input('x'), E.mul(E.input('peak'), 0.1))),
      statistics: peak,
    });
    const surrogate = defineSurrogate({
      ...clippedFixture,
      expression: () => E.div(E.input('x'), E.input('peak')),
      statistics: peak,
    });
    const quantizer = define({ forward, surrogate });
    const input = tf.tensor1d([-4, 0.3, 0.5]);
    expect([...quantize(quantizer, input, { site }).dataSync()]).toEqual([-1, -1, 1]);
    const dx = tf.grad((t) => tf.sum(quantize(quantizer, t, { site })))(input);
    expect([...dx.dataSync()]).toEqual([-1, Math.fround(0.3) / 4, 0.125].map(Math.fround));
  });

  it('tensor code is used where there is no expression', () => {
    const { expression: _, ...rest } = binarySignFixture;
    const forward = defineForward({
      ...rest,
      forward: (t) => tf.mul(t, 2),
      harden: (t) => tf.mul(t, 3),
    });
    const { expression: _b, ...half } = clippedFixture;
    const surrogate = defineSurrogate({ ...half, derivative: (t) => tf.mul(t, 5) });
    const quantizer = define({ forward, surrogate });
    expect([...quantize(quantizer, x, { site }).dataSync()]).toEqual([-4, 1]);
    expect([...quantize(quantizer, x, { site, hard: true }).dataSync()]).toEqual([-6, 1.5]);
    const dx = tf.grad((t) => tf.sum(quantize(quantizer, t, { site })))(x);
    expect([...dx.dataSync()]).toEqual([-10, 2.5]);
  });

  it('checked mode names the first NaN and lets infinities pass', () => {
    const run = (values: number[], checked?: boolean) =>
      quantize(define({}), tf.tensor1d(values), { site, checked }).dataSync();
    expect(() => run([1, Infinity, Number.NaN], true)).toThrow(
      expect.objectContaining({
        code: 'not-finite',
        message: expect.stringMatching(/quantizer "q" at index 2/),
      }),
    );
    expect([...run([Infinity, -Infinity], true)]).toEqual([1, -1]);
    // Unchecked, NaN has the sign that packed kernels give it.
    expect([...run([Number.NaN])]).toEqual([1]);
  });

  it('sampleSurrogate evaluates the formula', () =>
    expect(sampleSurrogate(clippedFixture, [-2, 1, 0])).toEqual([0, 1, 1]));
});
