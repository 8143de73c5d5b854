// Softmax cross-entropy of logits, differentiable, fused where the backend can.
import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op.js';
import { expectShape, expectTensor } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/**
 * Cross-entropy of each example.
 * @param logits float32 [n, k]
 * @param labels float32 [n, k], one-hot or probabilities; not differentiated
 * @returns float32 [n]
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Tensor1D {
  expectTensor('softmaxCrossEntropy', 'logits', logits, 2);
  expectShape('softmaxCrossEntropy', 'labels', labels, logits.shape);
  return customOp(
    [logits],
    ([x]) => {
      const [value, dlogits] = forward(x as tf.Tensor2D, labels);
      return { value: value!, saved: [dlogits!] };
    },
    (dy, [dlogits]) => [tf.mul(dlogits!, tf.expandDims(dy, 1))],
  ) as tf.Tensor1D;
}

const forward = (logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Tensor[] => {
  if (hasKernel('BitgradSoftmaxCrossEntropy'))
    return runKernel('BitgradSoftmaxCrossEntropy', { logits, labels });
  const logProbabilities = tf.logSoftmax(logits);
  const loss = tf.neg(tf.sum(tf.mul(labels, logProbabilities), 1));
  const total = tf.sum(labels, 1, true);
  return [loss, tf.sub(tf.mul(tf.exp(logProbabilities), total), labels)];
};
