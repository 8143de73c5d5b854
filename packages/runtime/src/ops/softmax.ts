import { elementCount } from '../tensors.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/**
 * Softmax of each row, `f32`. m = maximum (as in `maxPool`); e[i] = exp32(fround(x[i] - m));
 * s = +0, then s = fround(s + e[i]) in order; y[i] = fround(e[i] / s).
 */
export const softmax = defineOp({
  rule: (args) => ({ ...floatsToFloats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
});

/** See {@link softmax}. */
export type SoftmaxOp = OpOf<'softmax', typeof softmax>;
