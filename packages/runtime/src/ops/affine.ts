import { E, type Expression } from '@bitgrad/bits';
import { channelWeights, defineOp, type OpOf } from './define.js';

/**
 * Scale and bias for each channel. It is BatchNorm, scaling factors, input normalization, dequantization; with
 * scale 1 and bias 0 the conversion of any type to `f32`. inputs: [x, any type, [..., c]];
 * weights: [scale: `f32` [c], bias: `f32` [c]]; output: `f32`, same shape:
 *
 *     y = fround(fround(fround(x) * scale[c]) + bias[c])
 *
 * fround(x) rounds an `i32` to the nearest float32, ties to even (exact up to 2^24).
 */
export const affine = /* @__PURE__ */ defineOp({
  weights: ['scale', 'bias'],
  rule(args) {
    channelWeights(args, 'f32');
    return { type: 'f32', shape: args.x[0]!.shape };
  },
});

/** See {@link affine}. */
export type AffineOp = OpOf<'affine', typeof affine>;

/** Its value: `x` is the input, converted to float32. */
export const affineValue = (): Expression => E.add(E.mul(E.input('x'), E.input('scale')), E.input('bias'));
