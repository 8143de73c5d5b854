import { channelWeights, defineOp, needSpec, type OpOf } from './define.js';

/**
 * A binary decision for each element with a threshold for each channel. inputs: [x, any type, [..., c]];
 * weights: [t: [c], `f32` if x is `f32`, else `i32`; flip: `bits` [c]]; output: `bits`, same shape.
 *
 *     bit = (x < t[c] ? 1 : 0) XOR flip[c]          (x of type `bits` counts as its level, +1 or -1)
 *
 * So flip 0 gives +1 iff x >= t. t = -2^31 with flip 0 / 1 is the constant +1 / -1. NaN compares as not less.
 */
export const threshold = defineOp({
  weights: ['t', 'flip'],
  rule(args) {
    const { x, w, need } = args;
    channelWeights(args, 'bits', 1);
    needSpec(need, 'weights[0]', w[0]!, x[0]!.type === 'f32' ? 'f32' : 'i32', w[1]!.shape);
    return { type: 'bits', shape: x[0]!.shape };
  },
});

/** See {@link threshold}. */
export type ThresholdOp = OpOf<'threshold', typeof threshold>;
