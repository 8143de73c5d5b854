// Expressions at one point: in float64 `Math` for the slow oracle, certificates and plots, or in float32 with one rounding a
// node, as packed models run them.
import { BitgradError } from '../errors.js';
import { exp32 } from './exp32.js';
import { checkExpression, type BinaryOp, type Expression, type UnaryOp } from './expression.js';

/** Nearest integer, ties to even. */
export const roundHalfEven = (x: number): number => {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
};

const unary: Record<UnaryOp, (a: number) => number> = {
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  round: roundHalfEven,
  floor: Math.floor,
  reciprocal: (a) => 1 / a,
};

const binary: Record<BinaryOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  ge: (a, b) => (a >= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  dirichlet: (a, b) => (a === 0 ? b : Math.sin(b * a) / Math.sin(a)),
};

/** How numbers are rounded and which exponential is meant. */
export interface Arithmetic {
  /** Applied to every node. */
  round(x: number): number;
  exp(x: number): number;
}

/** `Math`, without rounding: the default of {@link evaluateExpression}. */
const float64: Arithmetic = { round: (x) => x, exp: Math.exp };

/** One rounding to float32 a node, and exp32. */
export const float32: Arithmetic = Object.freeze({ round: Math.fround, exp: exp32 });

/**
 * Evaluates an expression at one point.
 * @param arithmetic default float64 without rounding
 * @throws BitgradError `invalid-option` when an input is missing
 */
export function evaluateExpression(
  expression: Expression,
  inputs: Readonly<Record<string, number>>,
  { round, exp }: Arithmetic = float64,
): number {
  const known = new Map<Expression, number>();
  const value = (node: Expression): number => {
    const cached = known.get(node);
    if (cached !== undefined) return cached;
    checkExpression(node);
    const result = round(compute(node));
    known.set(node, result);
    return result;
  };
  const compute = (node: Expression): number => {
    switch (node.op) {
      case 'constant':
        return node.value;
      case 'input': {
        const given = inputs?.[node.name];
        if (typeof given !== 'number')
          throw new BitgradError({
            code: 'invalid-option',
            source: 'bits',
            what: `input "${node.name}" of an expression is missing`,
            got: Object.keys(inputs ?? {}),
            expected: 'a value for each input',
          });
        return given;
      }
      case 'select':
        return value(node.test) !== 0 ? value(node.a) : value(node.b);
      default:
        if (node.op === 'exp') return exp(value(node.a));
        return 'b' in node ? binary[node.op](value(node.a), value(node.b)) : unary[node.op](value(node.a));
    }
  };
  return value(expression);
}
