// tf.tidy looks for tensors in all that its function returns, element by element in arrays: for large results that takes
// far longer than the computation. Results that hold no tensors leave by a variable instead.
import * as tf from '@tensorflow/tfjs-core';
import type { RowFunction } from './packing/value.js';

/** Runs a function in tf.tidy; its result holds no tensors. */
export function tidied<T>(f: () => T): T {
  let result!: T;
  tf.tidy(() => {
    result = f();
  });
  return result;
}

/** A function of tensors as one of the values of rows. */
export const onRows =
  (f: (x: tf.Tensor) => tf.Tensor): RowFunction =>
  (values, shape) =>
    tidied(() => f(tf.tensor(values as Float32Array, [...shape])).dataSync() as Float32Array);
