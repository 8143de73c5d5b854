// The names under which a backend adapter registers fused kernels with tfjs, and their signatures.
// Core ops look the name up in the kernel registry of the active backend, and compose tfjs ops where it is missing.
import * as tf from '@tensorflow/tfjs-core';

/**
 * Fused kernels an adapter may register by `tf.registerKernel`. Inputs and outputs are float32 unless said otherwise.
 *
 * - `BitgradElementwise` inputs `{ i0, i1, ... }` (by position in `program.inputs`), attrs `{ program, shape }`
 *   -> tensor of `shape`. An input has the full shape, or one element, or is a vector along the last axis.
 * - `BitgradBatchNormTrain` inputs `{ x [..., c], gamma [c], beta [c] }`, attrs `{ epsilon }`
 *   -> `[y, mean [c], variance [c] (biased), inverseStd [c]]`; statistics over all axes but the last.
 * - `BitgradBatchNormTrainGrad` inputs `{ x, dy, gamma, mean, inverseStd }` -> `[dx, dgamma, dbeta]`.
 * - `BitgradSoftmaxCrossEntropy` inputs `{ logits [n, k], labels [n, k] }` -> `[loss [n], dlogits [n, k]]`,
 *   `dlogits = softmax(logits) * sum(labels) - labels`, not divided by n.
 * - `BitgradAdamStep` inputs `{ value, gradient, m, v }`, and `{ value1, gradient1, m1, v1 }` and so on of further variables, attrs
 *   `{ learningRate, beta1, beta2, epsilon, correction1, correction2 }` -> `[value', m', v', value1', m1', v1', ...]`; see
 *   ops/optimizer-steps.ts for the formula.
 * - `BitgradMomentumStep` likewise, inputs `{ value, gradient, velocity }`, attrs `{ learningRate, momentum, nesterov }`
 *   -> `[value', velocity', ...]`.
 * - `BitgradBinaryConv2D` inputs `{ x [n, h, w, c], filter [kh, kw, c, o] }`, both exactly +-1 (padding counts as
 *   `padValue`, 0 or 1), attrs `{ strides, pads: [top, bottom, left, right], dilations, padValue }` -> the exact float
 *   convolution.
 * - `BitgradSignConv2D`: as `BitgradBinaryConv2D`, of the signs of any numbers (-1 below 0, else +1).
 * - `BitgradSignConv2DGrad` inputs `{ x, filter, dy }` of it, attrs `{ strides, pad, programs: [of x, of filter] }`
 *   -> `[dx, dfilter]`; a program makes of the gradient of the signs `dy`, and of `x`, the gradient of the latent tensor.
 * - `BitgradBinaryMatMul` inputs `{ a [m, k], b [k, n] }`, both exactly +-1 -> the exact product [m, n].
 * - `BitgradPReluGrad` inputs `{ x [..., c], alpha [c], dy }` -> `[dx, dalpha [c]]`.
 * - `BitgradAttention` inputs `{ x [n, t, 3 * heads * d] }`: queries, keys and values, attrs `{ heads }`
 *   -> `[y [n, t, heads * d], a [n, heads, t, t]]`, `a = softmax(Q K^T / sqrt(d))`, `y = a V`.
 * - `BitgradAttentionGrad` inputs `{ x, a, dy }`, attrs `{ heads }` -> dx.
 * - `BitgradLayerNorm` inputs `{ x [..., c], gamma [c], beta [c] }`, attrs `{ epsilon }`
 *   -> `[y, mean [rows], inverseStd [rows]]`; statistics of each row along the last axis.
 * - `BitgradLayerNormGrad` inputs `{ x, dy, gamma, mean, inverseStd }` -> `[dx, dgamma, dbeta]`.
 */
export const kernelNames = [
  'BitgradElementwise',
  'BitgradBatchNormTrain',
  'BitgradBatchNormTrainGrad',
  'BitgradSoftmaxCrossEntropy',
  'BitgradAdamStep',
  'BitgradMomentumStep',
  'BitgradBinaryConv2D',
  'BitgradSignConv2D',
  'BitgradSignConv2DGrad',
  'BitgradBinaryMatMul',
  'BitgradPReluGrad',
  'BitgradAttention',
  'BitgradAttentionGrad',
  'BitgradLayerNorm',
  'BitgradLayerNormGrad',
] as const;

/** A fused kernel's name. */
export type KernelName = (typeof kernelNames)[number];

/** True when the active backend has the fused kernel. */
export const hasKernel = (name: KernelName): boolean => Boolean(tf.getKernel(name, tf.getBackend()));

/** Runs a fused kernel of the active backend; results are tracked by the engine like any op's. */
export function runKernel(
  name: KernelName,
  inputs: tf.NamedTensorMap,
  attrs: Record<string, unknown> = {},
): tf.Tensor[] {
  const result = tf.engine().runKernel(name, inputs, attrs as never) as tf.Tensor | tf.Tensor[];
  return Array.isArray(result) ? result : [result];
}
