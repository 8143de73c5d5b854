// tf.tidy looks for tensors in all that its function returns, element by element in arrays: for large results that takes
// far longer than the computation. Results that hold no tensors leave by a variable instead.
import * as tf from '@tensorflow/tfjs-core';

/** Runs a function in tf.tidy; its result holds no tensors. */
export function tidied<T>(f: () => T): T {
  let result!: T;
  tf.tidy(() => {
    result = f();
  });
  return result;
}
