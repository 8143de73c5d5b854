// A product with a constant: value and gradient by the formula, and no work for a gradient that nobody takes.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { defineQuantizer, defineSurrogate, quantize, scaled, scaledSignPair } from '../src/index.js';

beforeAll(async () => void (await tf.setBackend('cpu')));

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % 11) - 5);

it.each([[[]], [[4]], [[3, 1]], [[1, 4]], [[2, 1, 1]], [[2, 3, 4]]])('a scale of shape %j', (shape) => {
  const size = (s: readonly number[]) => s.reduce((a, b) => a * b, 1);
  const x = tf.tensor(numbers(24), [2, 3, 4]);
  const dy = tf.tensor(numbers(24).toReversed(), [2, 3, 4]);
  const scale = tf.tensor(numbers(size(shape)), shape);
  const each = [...tf.broadcastTo(scale, [2, 3, 4]).dataSync()];
  const { value, grad } = tf.valueAndGrad((v: tf.Tensor) => tf.sum(tf.mul(scaled(v, scale), dy)))(x);
  const product = numbers(24).map((v, i) => v * each[i]!);
  expect(value.dataSync()[0]).toBe(product.reduce((sum, v, i) => sum + v * dy.dataSync()[i]!, 0));
  expect([...grad.dataSync()]).toEqual([...dy.dataSync()].map((d, i) => d * each[i]!));
});

it('the scale of a quantizer costs no sum over what it scales', () => {
  const identity = defineSurrogate({ name: 'one', options: {}, formula: () => 1, derivative: tf.onesLike });
  const pair = scaledSignPair({ scale: 'channel' }, identity);
  const quantizer = defineQuantizer({ name: 'mine', options: {}, description: '', ...pair });
  const site = { role: 'kernel' as const, shape: [5, 3], channelAxes: [-1] };
  const w = tf.tensor(numbers(15), [5, 3]);
  const sums: number[] = [];
  const spy = tf.getKernel('Sum', 'cpu');
  tf.unregisterKernel('Sum', 'cpu');
  const counted = (args: never) => (sums.push(1), (spy.kernelFunc as (a: never) => tf.TensorInfo)(args));
  tf.registerKernel({ ...spy, kernelFunc: counted as never });
  try {
    tf.grad((v: tf.Tensor) => quantize(quantizer, v, { site, training: true }))(w, tf.ones([5, 3]));
    expect(sums).toHaveLength(0);
    // What tf.mul alone would do.
    tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.mul(a, b))([w, tf.ones([3])], tf.ones([5, 3]));
    expect(sums).toHaveLength(1);
  } finally {
    tf.unregisterKernel('Sum', 'cpu');
    tf.registerKernel(spy);
  }
});

it.each([[[5]], [[1, 2, 3, 4]], [[3, 4, 1]]])('refuses a scale of shape %j', (shape) => {
  const error = expect.objectContaining({ code: 'shape-mismatch' });
  expect(() => scaled(tf.ones([2, 3, 4]), tf.ones(shape))).toThrow(error);
});
