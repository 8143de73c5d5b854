// The backward half of a quantizer: what is used in place of the derivative of the forward.
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Expression } from '@bitgrad/bits';
import type { JsonObject, QuantizeContext, Scalars, Statistics } from './context.js';

/**
 * A surrogate gradient B: the backward pass multiplies the incoming gradient by B(x), elementwise.
 * A frozen plain object made by a named-export factory. Give `expression` (one formula, fused on every backend that
 * can) or `derivative` (tensor code), and always `formula`, written apart from it: the tests compare the two.
 */
export interface SurrogateGradient {
  readonly kind: 'surrogate';
  /** Registry name, kebab-case. */
  readonly name: string;
  readonly options: JsonObject;
  /** B(x) in plain float64 `Math`; `scalars` holds schedule values and statistics by name. */
  formula(x: number, scalars: Scalars): number;
  /** B as an expression in the input `x` and the statistics. */
  expression?(scalars: Scalars): Expression;
  /** B as tensor code: shape and dtype of x kept, x not disposed. Needed only without `expression`. */
  derivative?(x: Tensor, context: QuantizeContext): Tensor;
  /** Tensors computed from x that the expression uses as inputs, detached from the gradient. Default: none. */
  statistics?(x: Tensor, context: QuantizeContext): Statistics;
  /** Where B or its slope jumps: certificates and plots refine around these points. Default: none. */
  breakpoints?(scalars: Scalars): readonly number[];
}
