// Multi-head attention without its projections: fused where the backend can, else in tfjs ops with an explicit gradient.
import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op.js';
import { expectTensor, shapeMismatch } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** [n, t, h * d] as [n, h, t, d]. */
const toHeads = (x: tf.Tensor, heads: number): tf.Tensor => {
  const [n, t, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [n, t, heads, width / heads]), [0, 2, 1, 3]);
};

/** The inverse of {@link toHeads}. */
const fromHeads = (x: tf.Tensor): tf.Tensor => {
  const [n, heads, t, d] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [n, t, heads * d]);
};

/** softmax's gradient: y * (dy - sum(dy * y)). */
const softmaxGradient = (dy: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const product = tf.mul(dy, y);
  return tf.sub(product, tf.mul(tf.sum(product, -1, true), y));
};

/**
 * softmax(Q K^T / sqrt(d)) V of each head (Vaswani et al., arXiv 1706.03762, equation 1); differentiable.
 * @param qkv float32 [n, t, 3 * width]: queries, keys and values beside each other, `heads` heads of d channels in each
 * @returns float32 [n, t, width]
 */
export function attend(qkv: tf.Tensor, heads: number): tf.Tensor {
  expectTensor('attend', 'qkv', qkv, 3);
  const d = qkv.shape[2]! / 3 / heads;
  if (!Number.isInteger(d) || d < 1)
    throw shapeMismatch('qkv of attend', qkv.shape, `3 * width channels, a multiple of ${heads} heads`);
  const factor = 1 / Math.sqrt(d);
  if (hasKernel('BitgradAttention'))
    return customOp(
      [qkv],
      ([x]) => {
        const [value, a] = runKernel('BitgradAttention', { x: x! }, { heads });
        return { value: value!, saved: [x!, a!] };
      },
      (dy, [x, a]) => runKernel('BitgradAttentionGrad', { x: x!, a: a!, dy }, { heads }),
    );
  return customOp(
    [qkv],
    ([x]) => {
      const [q, k, v] = tf.split(x!, 3, -1).map((part) => toHeads(part, heads)) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const scaled = tf.mul(q, factor);
      const weights = tf.softmax(tf.matMul(scaled, k, false, true));
      return { value: fromHeads(tf.matMul(weights, v)), saved: [scaled, k, v, weights] };
    },
    (dy, [scaled, k, v, weights]) => {
      const dOut = toHeads(dy, heads);
      const dScores = softmaxGradient(tf.matMul(dOut, v!, false, true), weights!);
      const dq = tf.mul(tf.matMul(dScores, k!), factor);
      const dk = tf.matMul(dScores, scaled!, true, false);
      const dv = tf.matMul(weights!, dOut, true, false);
      return [tf.concat([dq, dk, dv].map(fromHeads), -1)];
    },
  );
}
