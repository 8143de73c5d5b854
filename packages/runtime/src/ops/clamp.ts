import { E, type Expression, type Operand } from '@bitgrad/bits';
import { bound } from './attributes.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/** Limits values to a range. y = x < min ? min : x > max ? max : x (NaN and -0 pass). `f32` -> `f32`. relu is min 0, max null (no bound). */
export const clamp = /* @__PURE__ */ defineOp({
  attributes: {
    /** Lower bound, rounded to float32, or null for none. */
    min: bound,
    /** Upper bound, rounded to float32, or null for none; >= min. */
    max: bound,
  },
  rule(args) {
    const { min, max } = args.a;
    args.need(min === null || max === null || min <= max, 'max', max, `at least min, ${min}`);
    return floatsToFloats(args);
  },
});

/** See {@link clamp}. */
export type ClampOp = OpOf<'clamp', typeof clamp>;

/** A value between two bounds, each of which may be left out. */
export function clampBetween(x: Expression, min: Operand | null, max: Operand | null): Expression {
  const below = max === null ? x : E.select(E.gt(x, max), max, x);
  return min === null ? below : E.select(E.lt(x, min), min, below);
}

/** Its value. */
export const clampValue = ({ min, max }: ClampOp): Expression => clampBetween(E.input('x'), min, max);
