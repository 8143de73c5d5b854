import { E } from '@bitgrad/bits';
import { elementCount } from '../tensors.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';
import type { RowValue } from './values.js';

/**
 * Softmax of each row, `f32`. m = maximum (as in `maxPool`); e[i] = exp32(fround(x[i] - m));
 * s = +0, then s = fround(s + e[i]) in order; y[i] = fround(e[i] / s).
 */
export const softmax = /* @__PURE__ */ defineOp({
  rule: (args) => ({ ...floatsToFloats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
});

/** See {@link softmax}. */
export type SoftmaxOp = OpOf<'softmax', typeof softmax>;

/** Its row. */
export const softmaxRow = (): RowValue => ({
  steps: [
    { name: 'max', over: 'max', of: E.input('x') },
    { name: 'e', of: E.exp(E.sub(E.input('x'), E.input('max'))) },
    { name: 'sum', over: 'sum', of: E.input('e') },
  ],
  value: E.div(E.input('e'), E.input('sum')),
});
