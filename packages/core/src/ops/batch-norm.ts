// Batch normalization of a training step: fused where the backend can, else in tfjs ops with an explicit gradient.
import * as tf from '@tensorflow/tfjs-core';
import { expectNumber } from '../expect.js';
import { customOp } from './custom-op.js';
import { expectShape, expectTensor } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** Result of {@link batchNormTrain}: y has x's shape, the statistics have shape [c] and are constants to gradients. */
export interface BatchNormResult {
  readonly y: tf.Tensor;
  readonly mean: tf.Tensor1D;
  /** Biased variance (divided by the count), as normalization uses it. */
  readonly variance: tf.Tensor1D;
}

/**
 * y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of this batch over all axes but the last.
 * Differentiable in x, gamma and beta.
 * @param x float32 [..., c]
 * @param gamma float32 [c]
 * @param beta float32 [c]
 */
export function batchNormTrain(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): BatchNormResult {
  expectTensor('batchNormTrain', 'x', x);
  expectVectors('batchNormTrain', x, { gamma, beta }, epsilon);
  let statistics: tf.Tensor[] = [];
  const y = customOp(
    [x, gamma, beta],
    ([x0, gamma0, beta0]) => {
      const [value, m, v, inverseStd] = forward(x0!, gamma0!, beta0!, epsilon);
      // customGrad disposes what its forward makes beside the value: keep, and hand over to the caller's scope below.
      statistics = [tf.keep(m!), tf.keep(v!)];
      return { value: value!, saved: [x0!, gamma0!, m!, inverseStd!] };
    },
    (dy, [x0, gamma0, m, inverseStd]) => gradients(dy, x0!, gamma0!, m!, inverseStd!),
  );
  const [mean, variance] = statistics.map((t) => {
    const handle = tf.clone(t);
    t.dispose();
    return handle as tf.Tensor1D;
  });
  return { y, mean: mean!, variance: variance! };
}

/** Vectors along the last axis of x, and the number added to the variance. */
export function expectVectors(
  owner: string,
  x: tf.Tensor,
  vectors: Readonly<Record<string, tf.Tensor>>,
  epsilon: number,
): void {
  const channels = [x.shape.at(-1) ?? 1];
  for (const [name, vector] of Object.entries(vectors)) expectShape(owner, name, vector, channels);
  expectNumber(`epsilon of ${owner}`, epsilon);
}

const forward = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor[] => {
  if (hasKernel('BitgradBatchNormTrain'))
    return runKernel('BitgradBatchNormTrain', { x, gamma, beta }, { epsilon });
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const { mean, variance } = tf.moments(x, axes);
  const inverseStd = tf.rsqrt(tf.add(variance, epsilon));
  const y = tf.add(tf.mul(tf.sub(x, mean), tf.mul(gamma, inverseStd)), beta);
  return [y, mean, variance, inverseStd];
};

const gradients = (
  dy: tf.Tensor,
  x: tf.Tensor,
  gamma: tf.Tensor,
  mean: tf.Tensor,
  inverseStd: tf.Tensor,
): tf.Tensor[] => {
  if (hasKernel('BitgradBatchNormTrainGrad'))
    return runKernel('BitgradBatchNormTrainGrad', { x, dy, gamma, mean, inverseStd });
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const count = x.size / gamma.size;
  const normalized = tf.mul(tf.sub(x, mean), inverseStd);
  const dbeta = tf.sum(dy, axes);
  const dgamma = tf.sum(tf.mul(dy, normalized), axes);
  const centred = tf.sub(dy, tf.div(tf.add(dbeta, tf.mul(normalized, dgamma)), count));
  return [tf.mul(tf.mul(gamma, inverseStd), centred), dgamma, dbeta];
};
