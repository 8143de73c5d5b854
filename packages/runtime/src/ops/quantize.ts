import { elementCount } from '../tensors.js';
import { defineOp, needSpec, needType, type OpOf } from './define.js';

/**
 * A step function with any levels. It is ternary, k-bit and scaled quantizers of activations. inputs: [x: `f32`];
 * weights: [t: `f32` [n], nondecreasing, n >= 1; level: `f32` [n + 1]]; output: `f32`, same shape:
 * y = level[number of t that are <= x]. NaN gives level[0].
 */
export const quantize = defineOp({
  weights: ['t', 'level'],
  rule({ x, w, need }) {
    needType(need, 'inputs[0]', x[0]!, ['f32']);
    const n = elementCount(w[0]!.shape);
    needSpec(need, 'weights[0]', w[0]!, 'f32', [n]);
    needSpec(need, 'weights[1]', w[1]!, 'f32', [n + 1]);
    return { ...x[0]!, cost: elementCount(x[0]!.shape) * Math.ceil(Math.log2(n + 1)) };
  },
});

/** See {@link quantize}. */
export type QuantizeOp = OpOf<'quantize', typeof quantize>;
