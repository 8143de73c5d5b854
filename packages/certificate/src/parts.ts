// The two parts that every sound pair is made of: a proximal map P and a transform T, F = T o P and B = T' o P
// (arXiv 2402.17710). Owns their contracts and the composition; scale and schedule are added by compose.ts.
import type { Expression, Jump, JsonObject, Scalars } from '@bitgrad/core';

/** A proximal map: a nondecreasing function of one variable. */
export interface ProximalMap {
  readonly name: string;
  readonly options?: JsonObject;
  /** P(w) in plain Math; at a jump the right limit. */
  value(w: number, scalars: Scalars): number;
  /** P as an expression in w. Default: tabulated from `value`. */
  expression?(w: Expression, scalars: Scalars): Expression;
  /** The jumps of P, ascending. Default: none. */
  jumps?(scalars: Scalars): readonly Jump[];
  /** Where the slope of P jumps. Default: none. */
  breakpoints?(scalars: Scalars): readonly number[];
}

/** A differentiable transform T and its derivative. */
export interface Transform {
  readonly name: string;
  readonly options?: JsonObject;
  /** T(p) in plain Math. */
  value(p: number, scalars: Scalars): number;
  /** T'(p) in plain Math. */
  slope(p: number, scalars: Scalars): number;
  /** T as an expression in p. Default: F is tabulated. */
  expression?(p: Expression, scalars: Scalars): Expression;
  /** T' as an expression in p. Default: B is tabulated. */
  slopeExpression?(p: Expression, scalars: Scalars): Expression;
  /** Values of p where T' or its slope jumps. Default: none. */
  breakpoints?(scalars: Scalars): readonly number[];
}
