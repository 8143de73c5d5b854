// A broadcast and its gradient against those of tfjs, on whole numbers, where every order of a sum is exact.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { expect, it } from 'vitest';
import { broadcast } from '../src/broadcast.js';

const numbers = (shape: number[]): tf.Tensor =>
  tf.reshape(tf.range(-3, shape.reduce((a, b) => a * b, 1) - 3), shape);

it.each([
  [[1], [5]],
  [[5], [5]],
  [
    [1, 1, 4],
    [3, 1, 4],
  ],
  [
    [2, 1, 1],
    [2, 3, 4],
  ],
])('%j to %j', async (from, to) => {
  await tf.setBackend('cpu');
  const of = (f: (x: tf.Tensor) => tf.Tensor) => {
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => f(x))(numbers(from), numbers(to));
    return [value, grad].map((t) => ({ shape: t.shape, values: [...t.dataSync()] }));
  };
  expect(of((x) => broadcast(x, to))).toEqual(of((x) => tf.broadcastTo(x, to as never)));
});
