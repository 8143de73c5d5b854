// A product with a constant. Of tf.mul tfjs makes both gradients, also that of a factor which has none: one more product
// and a sum over all of x, thrown away.
import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op.js';
import { expectTensor, shapeMismatch } from './expect-tensor.js';

/**
 * x * scale, with the scale as a constant of the backward pass.
 * @param x float32
 * @param scale float32 that broadcasts against x without making it larger
 * @returns float32 of x's shape; backward dy * scale
 * @throws BitgradError `invalid-option` for what is no tensor, `shape-mismatch` for a scale of more axes or other sizes
 */
export function scaled<T extends tf.Tensor>(x: T, scale: tf.Tensor): T {
  expectTensor('scaled', 'x', x);
  expectTensor('scaled', 'scale', scale);
  const sizes = x.shape.slice(x.rank - scale.rank);
  if (scale.rank > x.rank || !scale.shape.every((size, i) => size === 1 || size === sizes[i]))
    throw shapeMismatch('scale of scaled', scale.shape, `what broadcasts against [${x.shape.join(', ')}]`);
  return customOp(
    [x],
    ([value]) => ({ value: tf.mul(value!, scale), saved: [scale] }),
    (dy, [factor]) => [tf.mul(dy, factor!)],
  ) as T;
}
