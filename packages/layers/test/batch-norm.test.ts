// BatchNorm against tfjs-layers' BatchNormalization: the same configuration, weights, outputs, averages and gradients.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { batchNorm, type BatchNormArgs } from '../src/index.js';
import { samples } from './oracle.js';

const cases: [shape: number[], args: BatchNormArgs][] = [
  [[7, 3], {}],
  [[4, 5, 3], { momentum: 0.9, epsilon: 1e-5 }],
  [[2, 3, 4, 5], { gammaInitializer: 'randomNormal', betaInitializer: 'randomNormal' }],
  [[2, 3, 4, 5], { axis: 3, momentum: 0.5 }],
];
const near = (actual: tf.Tensor, expected: tf.Tensor, what: string) => {
  expect(actual.shape, what).toEqual(expected.shape);
  const values = expected.dataSync();
  actual
    .dataSync()
    .forEach((v, i) =>
      expect(Math.abs(v - values[i]!), `${what}[${i}]`).toBeLessThan(
        2e-5 * Math.max(1, Math.abs(values[i]!)),
      ),
    );
};

describe('batchNorm', () => {
  for (const [shape, args] of cases)
    it(`equals tfjs-layers' on ${JSON.stringify(shape)} with ${JSON.stringify(args)}`, () => {
      const [own, peer] = [batchNorm(args), tfl.layers.batchNormalization(args as never)];
      [own, peer].forEach((layer) => layer.build([null, ...shape.slice(1)]));
      own.setWeights(peer.getWeights());
      for (let step = 0; step < 3; step++) {
        const x = tf.mul(tf.add(tf.tensor(samples(step, tf.util.sizeFromShape(shape)), shape), 3), 2);
        const dy = tf.tensor(samples(step + 9, x.size), shape);
        const run = (layer: tfl.layers.Layer) => (v: tf.Tensor) =>
          layer.call(v, { training: true }) as tf.Tensor;
        const weights = (layer: tfl.layers.Layer) =>
          layer.trainableWeights.map((w) => w.read() as tf.Variable);
        const grads = (layer: tfl.layers.Layer) => {
          const { grads: g } = tf.variableGrads(() => tf.sum(tf.mul(run(layer)(x), dy)), weights(layer));
          return weights(layer).map((w) => g[w.name]!);
        };
        near(run(own)(x), run(peer)(x), 'y');
        near(
          tf.grad((v) => tf.sum(tf.mul(run(own)(v), dy)))(x),
          tf.grad((v) => tf.sum(tf.mul(run(peer)(v), dy)))(x),
          'dx',
        );
        const [a, b] = [grads(own), grads(peer)];
        a.forEach((g, i) => near(g, b[i]!, `d${i}`));
        own.getWeights().forEach((w, i) => near(w, peer.getWeights()[i]!, `weight ${i}`));
        near(own.call(x, {}), peer.call(x, {}) as tf.Tensor, 'inference');
        const frozen = (layer: tfl.layers.Layer) => (v: tf.Tensor) =>
          tf.sum(tf.mul(layer.call(v, {}) as tf.Tensor, dy));
        near(tf.grad(frozen(own))(x), tf.grad(frozen(peer))(x), 'dx of inference');
        const fixed = (layer: tfl.layers.Layer) => tf.variableGrads(() => frozen(layer)(x) as tf.Scalar, weights(layer)).grads; // prettier-ignore
        const [c, d] = [fixed(own), fixed(peer)].map((g) => Object.values(g));
        c!.forEach((g, i) => near(g, d![i]!, `d${i} of inference`));
      }
    });

  it('has the weights of tfjs-layers in their order, and its configuration', () => {
    const [own, peer] = [batchNorm({ name: 'a' }), tfl.layers.batchNormalization({ name: 'b' })];
    [own, peer].forEach((layer) => layer.apply(tf.zeros([1, 2])));
    const names = (layer: tfl.layers.Layer) =>
      layer.weights.map(({ originalName }) => originalName.split('/')[1]);
    expect(names(own)).toEqual(names(peer));
    expect(names(own)).toEqual(['gamma', 'beta', 'moving_mean', 'moving_variance']);
    expect({ ...own.getConfig(), name: '' }).toEqual({ ...peer.getConfig(), name: '' });
  });

  it('works without gamma and without beta', () => {
    const layer = batchNorm({ center: false, scale: false, epsilon: 1e-12 });
    const x = tf.tensor2d([[1, 10], [3, 10.5]]); // prettier-ignore
    expect((layer.apply(x, { training: true }) as tf.Tensor).arraySync()).toEqual([[-1, -1], [1, 1]]); // prettier-ignore
    expect(layer.weights.length).toBe(2);
    expect(layer.movingVariance.read().arraySync()).toEqual(
      [0.99 + 0.01 * 1, 0.99 + 0.01 * 0.0625].map(Math.fround),
    );
    layer.setWeights([tf.tensor1d([2, 10]), tf.tensor1d([4, 0.25])]);
    expect((layer.apply(x) as tf.Tensor).arraySync()).toEqual([[-0.5, 0], [0.5, 1]]); // prettier-ignore
  });

  // tfjs-layers is no peer here: the cpu kernel of tfjs 4.22 takes the wrong channel for any axis but the last.
  it('normalizes another axis as it would the last one', () => {
    const [first, last] = [batchNorm({ axis: 1 }), batchNorm()];
    const x = tf.tensor(samples(4, 120), [2, 3, 4, 5]);
    const swap = (t: tf.Tensor) => tf.transpose(t, [0, 3, 2, 1]);
    for (const training of [true, false]) {
      const y = first.apply(x, { training }) as tf.Tensor;
      near(y, swap(last.apply(swap(x), { training }) as tf.Tensor), 'y');
    }
    expect(first.weights[0]!.shape).toEqual([3]);
    near(first.movingMean.read(), last.movingMean.read(), 'mean');
  });

  it('gives beta for a constant channel, also of one value, and a finite gradient', () => {
    for (const epsilon of [undefined, 1e-12])
      for (const x of [tf.fill([4, 2], 0.3), tf.zeros([4, 2]), tf.ones([1, 2])]) {
        const layer = batchNorm({ epsilon });
        const call = (t: tf.Tensor) => layer.apply(t, { training: true }) as tf.Tensor;
        expect([...call(x).dataSync()].every((y) => y === 0)).toBe(true);
        expect([...tf.grad(call)(x).dataSync()].every((g) => Math.abs(g) < 1)).toBe(true);
      }
    expect(() => batchNorm({ epsilon: 0 })).toThrow(/epsilon/);
  });

  it('keeps no tensors', () => {
    const layer = batchNorm();
    const x = tf.ones([2, 3]);
    layer.apply(x);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      tf.variableGrads(() => tf.sum(layer.apply(x, { training: true }) as tf.Tensor));
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
