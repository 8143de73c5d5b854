import { number } from './attributes.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/**
 * Layer normalization of each row, `f32`. weights: [gamma, beta: `f32` [c]]. With sequential float32 sums from +0:
 * mean = fround(sum x / c); d = fround(x - mean); v = fround(sum fround(d * d) / c);
 * r = fround(1 / fround(sqrt(fround(v + epsilon)))); y = fround(fround(fround(d * r) * gamma) + beta).
 */
export const layerNorm = defineOp({
  weights: ['gamma', 'beta'],
  attributes: {
    /** > 0, rounded to float32. */
    epsilon: number(),
  },
  rule(args) {
    const { epsilon } = args.a;
    args.need(Math.fround(epsilon) > 0 && epsilon < 1e30, 'epsilon', epsilon, 'a positive float32');
    return floatsToFloats(args);
  },
});

/** See {@link layerNorm}. */
export type LayerNormOp = OpOf<'layerNorm', typeof layerNorm>;
