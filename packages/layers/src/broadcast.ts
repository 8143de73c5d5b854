// tf.broadcastTo with a gradient of its own: tfjs makes it by a slice and a sum for each repetition.
import * as tf from '@tensorflow/tfjs-core';
import { customOp } from '@bitgrad/core';

/**
 * x repeated along its axes of size 1, differentiable.
 * @param x float32
 * @param shape as many axes as x has; another size than x's only where x's is 1
 * @returns float32 of `shape`; backward: dy summed over the repeated axes
 */
export function broadcast(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const repeated = shape.flatMap((size, axis) => (size === x.shape[axis] ? [] : [axis]));
  if (repeated.length === 0) return tf.clone(x);
  return customOp(
    [x],
    ([value]) => ({ value: tf.broadcastTo(value!, [...shape] as never), saved: [] }),
    (dy) => [tf.sum(dy, repeated, true)],
  );
}
