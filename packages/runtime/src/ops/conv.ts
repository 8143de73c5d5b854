import { elementCount } from '../tensors.js';
import { accumulatorType, paddingAttributes } from './accumulation.js';
import { count } from './attributes.js';
import { defineOp, needSpec, type OpOf } from './define.js';
import { tapCost, windowAttributes, windowOutput } from './window.js';

/**
 * 2-D convolution (cross-correlation). inputs: [x: `bits` | `u8` | `f32`, [h, w, cIn]];
 * weights: [w, [cOut, kernelH, kernelW, cIn / groups]] (OHWI); output: [outH, outW, cOut], `i32` for integer
 * inputs, `f32` for `f32`. Integer inputs take `bits` or `i8` weights; sums as in {@link PaddedAccumulation}.
 * Output channel o belongs to group floor(o / (cOut / groups)) and sees input channels
 * [group * cIn / groups, (group + 1) * cIn / groups). No bias: follow with `affine` or `threshold`.
 */
export const conv = defineOp({
  weights: ['w'],
  attributes: {
    ...windowAttributes,
    ...paddingAttributes,
    /** Divides cIn and cOut; 1 (default) is an ordinary convolution. For one input channel a group use `depthwise`. */
    groups: count(1),
  },
  rule(args) {
    const { a, x, w, need } = args;
    const [outH, outW] = windowOutput(args);
    const cIn = x[0]!.shape[2]!;
    const cOut = w[0]!.shape[0]!;
    need(
      cIn % a.groups === 0 && cOut % a.groups === 0,
      'groups',
      a.groups,
      `a divisor of ${cIn} and ${cOut}`,
    );
    const shape = [cOut, ...a.kernel, cIn / a.groups];
    const terms = elementCount(shape) / cOut;
    const type = accumulatorType(args, terms);
    needSpec(need, 'weights[0]', w[0]!, w[0]!.type, shape);
    return {
      type,
      shape: [outH, outW, cOut],
      cost: outH * outW * (cOut * terms + a.kernel[0] * a.kernel[1] * a.groups * tapCost),
    };
  },
});

/** See {@link conv}. */
export type ConvOp = OpOf<'conv', typeof conv>;
