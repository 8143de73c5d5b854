import { E } from '@bitgrad/bits';
import { number } from './attributes.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';
import type { RowValue } from './values.js';

/**
 * Layer normalization of each row, `f32`. weights: [gamma, beta: `f32` [c]]. With sequential float32 sums from +0:
 * mean = fround(sum x / c); d = fround(x - mean); v = fround(sum fround(d * d) / c);
 * r = fround(1 / fround(sqrt(fround(v + epsilon)))); y = fround(fround(fround(d * r) * gamma) + beta).
 */
export const layerNorm = /* @__PURE__ */ defineOp({
  weights: ['gamma', 'beta'],
  attributes: {
    /** > 0, rounded to float32. */
    epsilon: /* @__PURE__ */ number(),
  },
  rule(args) {
    const { epsilon } = args.a;
    args.need(Math.fround(epsilon) > 0 && epsilon < 1e30, 'epsilon', epsilon, 'a positive float32');
    return floatsToFloats(args);
  },
});

/** See {@link layerNorm}. */
export type LayerNormOp = OpOf<'layerNorm', typeof layerNorm>;

/** Its row of `c` channels. */
export const layerNormRow = ({ epsilon }: LayerNormOp, c: number): RowValue => ({
  steps: [
    { name: 'mean', over: 'sum', of: E.input('x'), then: E.div(E.input('total'), c) },
    { name: 'd', of: E.sub(E.input('x'), E.input('mean')) },
    {
      name: 'r',
      over: 'sum',
      of: E.square(E.input('d')),
      then: E.div(1, E.sqrt(E.add(E.div(E.input('total'), c), epsilon))),
    },
  ],
  value: E.add(E.mul(E.mul(E.input('d'), E.input('r')), E.input('gamma')), E.input('beta')),
});
