// F = T o P and B = T' o P as the two halves of a quantizer: formula, expression or table, jumps, levels, unit.
import * as tf from '@tensorflow/tfjs-core';
import {
  defineForward,
  defineSurrogate,
  E,
  type Alphabet,
  type Expression,
  type ForwardQuantizer,
  type JsonObject,
  type QuantizeContext,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import { unitOf, unitStatistic, type UnitOptions } from '../unit.js';
import type { ProximalMap, Transform } from '../parts.js';
import { lookUp, tabulate } from './tabulate.js';

/** What the two halves are made of. */
export interface Composition {
  readonly forwardName: string;
  readonly surrogateName: string;
  readonly options: JsonObject;
  readonly proximal: ProximalMap;
  readonly transform: Transform;
  /** Factor on B: the unit in which P is counted, F = T(P) with P = gain^-1 * `proximal`. Default 1. */
  readonly gain?: (scalars: Scalars) => number;
  /** The levels of deployment, in the range of F. */
  readonly levels: readonly number[];
  readonly unit: UnitOptions;
  /** Hardening compares x with these limits, in units: the k-th limit parts level k from level k + 1. Default: F's. */
  readonly limits?: readonly number[];
  /** True when F is in `levels` at every setting of the scalars. */
  readonly exact?: boolean;
  /** Largest |x| in units of the tables for parts without expressions. Default 8. */
  readonly reach?: number;
}

/** The alphabet of a level set. */
function alphabetOf(levels: readonly number[]): Alphabet {
  const is = (...expected: number[]) =>
    levels.length === expected.length && expected.every((x, i) => x === levels[i]);
  if (is(-1, 1)) return 'pm1';
  if (is(0, 1)) return 'zero-one';
  return is(-1, 0, 1) ? 'ternary' : 'k-bit';
}

/** A point w with P(w) = p, for breakpoints of T; P is nondecreasing. */
function preimage(proximal: ProximalMap, p: number, scalars: Scalars): number {
  let [low, high] = [-64, 64];
  if (proximal.value(low, scalars) >= p) return low;
  if (proximal.value(high, scalars) < p) return high;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (proximal.value(middle, scalars) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** Points, in units, where F, B or their slopes may jump. */
function specialPoints({ proximal, transform }: Composition, scalars: Scalars): number[] {
  const own = proximal.breakpoints?.(scalars) ?? [];
  const jumps = (proximal.jumps?.(scalars) ?? []).map(({ at }) => at);
  const bent = (transform.breakpoints?.(scalars) ?? []).map((p) => preimage(proximal, p, scalars));
  return [...new Set([...own, ...jumps, ...bent])].sort((a, b) => a - b);
}

const unitX = (): Expression => E.div(E.input('x'), E.input('scale'));

/** Tensor code for a half without an expression. */
const tabulated =
  (parts: Composition, f: (u: number, scalars: Scalars) => number, beyond: 'line' | 'hold') =>
  (x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
    tf.tidy(() => {
      const { scalars } = context;
      const table = tabulate((u) => f(u, scalars), specialPoints(parts, scalars), parts.reach ?? 8);
      return lookUp(table, tf.div(x, unitStatistic(parts.unit, x, context).scale!), beyond);
    });

/** The forward half F = T o P of x in units of its scale. */
export function composeForward(parts: Composition): ForwardQuantizer {
  const { proximal, transform, levels, unit } = parts;
  const valueAt = (u: number, scalars: Scalars) => transform.value(proximal.value(u, scalars), scalars);
  const fused = proximal.expression && transform.expression;
  const limits = parts.limits ?? levels.slice(1).map((high, i) => (levels[i]! + high) / 2);
  const hard = (u: number) => levels[limits.filter((limit) => u >= limit).length]!;
  return defineForward({
    name: parts.forwardName,
    options: parts.options,
    alphabet: alphabetOf(levels),
    levels,
    soft: !parts.exact,
    formula: (x, scalars) => valueAt(x / unitOf(scalars), scalars),
    hardFormula: (x, scalars) => hard(x / unitOf(scalars)),
    ...(fused
      ? {
          expression: (scalars: Scalars) =>
            transform.expression!(proximal.expression!(unitX(), scalars), scalars),
        }
      : { forward: tabulated(parts, valueAt, 'line') }),
    hardExpression: () => hardExpression(levels, limits),
    statistics: (x, context) => unitStatistic(unit, x, context),
    jumps: (scalars) =>
      (proximal.jumps?.(scalars) ?? []).map(({ at, from, to }) => ({
        at: at * unitOf(scalars),
        from: transform.value(from, scalars),
        to: transform.value(to, scalars),
      })),
    breakpoints: (scalars) => specialPoints(parts, scalars).map((u) => u * unitOf(scalars)),
  });
}

/** The level of x: sign needs no unit. */
function hardExpression(levels: readonly number[], limits: readonly number[]): Expression {
  const u = limits.every((limit) => limit === 0) ? E.input('x') : unitX();
  return limits.reduce<Expression>(
    (below, limit, i) => E.select(E.ge(u, limit), levels[i + 1]!, below),
    E.constant(levels[0]!),
  );
}

const amplify = (x: Expression, gain: number): Expression => (gain === 1 ? x : E.mul(x, gain));

/** The backward half B = T' o P of x in units of its scale. */
export function composeSurrogate(parts: Composition): SurrogateGradient {
  const { proximal, transform, unit, gain = () => 1 } = parts;
  const slopeAt = (u: number, scalars: Scalars) =>
    gain(scalars) * transform.slope(proximal.value(u, scalars), scalars);
  const fused = proximal.expression && transform.slopeExpression;
  return defineSurrogate({
    name: parts.surrogateName,
    options: parts.options,
    formula: (x, scalars) => slopeAt(x / unitOf(scalars), scalars),
    ...(fused
      ? {
          expression: (scalars: Scalars) =>
            amplify(
              transform.slopeExpression!(proximal.expression!(unitX(), scalars), scalars),
              gain(scalars),
            ),
        }
      : { derivative: tabulated(parts, slopeAt, 'hold') }),
    statistics: (x, context) => unitStatistic(unit, x, context),
    breakpoints: (scalars) => specialPoints(parts, scalars).map((u) => u * unitOf(scalars)),
  });
}
