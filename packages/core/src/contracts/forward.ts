// The forward half of a quantizer.
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Expression } from '@bitgrad/bits';
import type { JsonObject, QuantizeContext, Scalars, Statistics } from './context.js';

/** The set of hardened outputs before `scale`: {-1,+1}, {0,1}, {-1,0,+1}, or more levels. */
export type Alphabet = 'pm1' | 'zero-one' | 'ternary' | 'k-bit';

/** A jump of F at `at`, from `from` (left limit) to `to` (right limit). */
export interface Jump {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A forward quantizer F. Applied as `scale(u) * F(u)` with `u = prepare(x)`; the surrogate replaces F' at u;
 * `prepare` is differentiated by tfjs, `scale` is a constant in the backward pass.
 */
export interface ForwardQuantizer {
  readonly kind: 'forward';
  readonly name: string;
  readonly options: JsonObject;
  readonly alphabet: Alphabet;
  /** The exact levels of deployment, ascending; without `scale`. */
  readonly levels: readonly number[];
  /** True when F during training is not yet in `levels` (PC, BNN++): the soft-to-hard gap is reported. */
  readonly soft: boolean;
  /** F(x) in plain float64 `Math`, without `prepare` and `scale`. */
  formula(x: number, scalars: Scalars): number;
  /** The deployed F: its values are in `levels`. Default: `formula`. */
  hardFormula?(x: number, scalars: Scalars): number;
  /** F as an expression in the input `x` and the statistics. */
  expression?(scalars: Scalars): Expression;
  /** F as tensor code. Needed only without `expression`. */
  forward?(x: Tensor, context: QuantizeContext): Tensor;
  /** The deployed F as an expression. Default: `expression`. */
  hardExpression?(scalars: Scalars): Expression;
  /** The deployed F as tensor code. Default: `forward`. */
  harden?(x: Tensor, context: QuantizeContext): Tensor;
  /** Tensors computed from x that the expressions use as inputs, detached from the gradient. */
  statistics?(x: Tensor, context: QuantizeContext): Statistics;
  /** A differentiable step before F, such as x - threshold or standardization. Default: identity. */
  prepare?(x: Tensor, context: QuantizeContext): Tensor;
  /**
   * A positive scale that broadcasts against x (one a channel), constant in the backward pass. Default: none; undefined: none in
   * this role, so that nothing is multiplied by 1.
   */
  scale?(x: Tensor, context: QuantizeContext): Tensor | undefined;
  /** The declared jumps of F, ascending. Default: none. */
  jumps?(scalars: Scalars): readonly Jump[];
  /** Where the slope of F jumps. Default: none. */
  breakpoints?(scalars: Scalars): readonly number[];
}
