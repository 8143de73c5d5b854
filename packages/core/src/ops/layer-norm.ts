// Layer normalization: fused where the backend can, else in tfjs ops with an explicit gradient.
import * as tf from '@tensorflow/tfjs-core';
import { expectVectors } from './batch-norm.js';
import { customOp } from './custom-op.js';
import { expectTensor } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** (x - mean) / sqrt(variance + epsilon) of each row, and the inverse standard deviation [rows, 1]. */
const normalize = (x: tf.Tensor2D, epsilon: number): [normalized: tf.Tensor, inverse: tf.Tensor] => {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
  return [tf.mul(centred, inverse), inverse];
};

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta with the mean and biased variance of each row along the last
 * axis (Ba et al., arXiv 1607.06450); differentiable in x, gamma and beta.
 * @param x float32 [..., c]
 * @param gamma float32 [c]
 * @param beta float32 [c]
 */
export function layerNormalize(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  expectTensor('layerNormalize', 'x', x);
  expectVectors('layerNormalize', x, { gamma, beta }, epsilon);
  const c = x.shape.at(-1)!;
  if (hasKernel('BitgradLayerNorm'))
    return customOp(
      [x, gamma, beta],
      ([x0, gamma0, beta0]) => {
        const inputs = { x: x0!, gamma: gamma0!, beta: beta0! };
        const [value, mean, inverseStd] = runKernel('BitgradLayerNorm', inputs, { epsilon });
        return { value: value!, saved: [x0!, gamma0!, mean!, inverseStd!] };
      },
      (dy, [x0, gamma0, mean, inverseStd]) =>
        runKernel('BitgradLayerNormGrad', {
          x: x0!,
          dy,
          gamma: gamma0!,
          mean: mean!,
          inverseStd: inverseStd!,
        }),
    );
  return customOp(
    [x, gamma, beta],
    ([x0, gamma0, beta0]) => {
      const [normalized, inverse] = normalize(tf.reshape(x0!, [-1, c]), epsilon);
      const value = tf.reshape(tf.add(tf.mul(normalized, gamma0!), beta0!), x0!.shape);
      return { value, saved: [normalized, inverse, gamma0!] };
    },
    (dy, [normalized, inverse, gamma0]) => {
      const rows = tf.reshape(dy, [-1, c]);
      const d = tf.mul(rows, gamma0!);
      const along = tf.mul(normalized!, tf.mean(tf.mul(d, normalized!), 1, true));
      const dx = tf.mul(tf.sub(tf.sub(d, tf.mean(d, 1, true)), along), inverse!);
      return [tf.reshape(dx, x.shape), tf.sum(tf.mul(rows, normalized!), 0), tf.sum(rows, 0)];
    },
  );
}
