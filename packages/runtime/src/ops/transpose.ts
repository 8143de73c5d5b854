import { perAxis } from './attributes.js';
import { defineOp, type OpOf } from './define.js';

/** Output axis i is input axis permutation[i]. */
export const transpose = defineOp({
  attributes: { permutation: perAxis },
  rule({ a: { permutation }, x, need }) {
    const { type, shape } = x[0]!;
    need(
      shape.every((_, i) => permutation.includes(i)),
      'permutation',
      permutation,
      `each of 0 to ${shape.length - 1} once`,
    );
    return { type, shape: permutation.map((axis) => shape[axis]!) };
  },
});

/** See {@link transpose}. */
export type TransposeOp = OpOf<'transpose', typeof transpose>;
