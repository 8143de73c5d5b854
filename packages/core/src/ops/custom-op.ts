// tf.customGrad with types that fit: a value, the tensors to keep for the backward pass, and the gradients.
import * as tf from '@tensorflow/tfjs-core';
import { expectTensor } from './expect-tensor.js';

/**
 * A differentiable op with its own gradient.
 * @param inputs tensors that the op is differentiated by
 * @param forward gives the value and the tensors that `backward` needs (kept until the backward pass is done)
 * @param backward gives the gradient of each input, in order
 */
export function customOp(
  inputs: readonly tf.Tensor[],
  forward: (inputs: tf.Tensor[]) => { value: tf.Tensor; saved: tf.Tensor[] },
  backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  inputs.forEach((input, i) => expectTensor('an op', `input ${i}`, input));
  const op = tf.customGrad((...parts) => {
    const save = parts.pop() as (tensors: tf.Tensor[]) => void;
    const { value, saved } = forward(parts as tf.Tensor[]);
    save(saved);
    const single = inputs.length === 1;
    return {
      value,
      gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => {
        const gradients = backward(dy, kept);
        return single ? gradients[0]! : gradients;
      },
    };
  });
  return op(...inputs);
}
