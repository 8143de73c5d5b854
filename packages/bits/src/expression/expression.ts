// Elementwise formulas as data: one small tree that runs in plain Math, as tfjs ops, or as one fused kernel.
// A plugin that gives its surrogate as an expression is as fast as a built-in one on every backend.

import { BitgradError } from '../errors.js';

/** Operations of one argument. */
export const unaryOps = [
  'neg',
  'abs',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'sigmoid',
  'round',
  'floor',
  'reciprocal',
] as const;
/**
 * Operations of two arguments; comparisons give 1 or 0 (and 0 for NaN, except `ne`). `dirichlet` is the quotient
 * sin(b a) / sin(a) for |a| <= pi / 2, with its limit b at 0: a sum of sines or cosines at a cost that does not depend
 * on how many there are.
 */
export const binaryOps = [
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'ge',
  'gt',
  'le',
  'lt',
  'eq',
  'ne',
  'dirichlet',
] as const;

/** An operation of one argument. `round` goes to the nearest, ties to even (as tf.round). */
export type UnaryOp = (typeof unaryOps)[number];
/** An operation of two arguments. */
export type BinaryOp = (typeof binaryOps)[number];

/** An elementwise formula. Shared subtrees (the same object) are computed once. */
export type Expression =
  | { readonly op: 'input'; readonly name: string }
  | { readonly op: 'constant'; readonly value: number }
  | { readonly op: UnaryOp; readonly a: Expression }
  | { readonly op: BinaryOp; readonly a: Expression; readonly b: Expression }
  /** `a` where `test` is not 0, else `b`; the value not taken may be NaN or infinite. */
  | { readonly op: 'select'; readonly test: Expression; readonly a: Expression; readonly b: Expression };

/** A constant where a number is given. */
export type Operand = Expression | number;

function lift(x: Operand): Expression {
  if (typeof x === 'number') return { op: 'constant', value: x };
  checkExpression(x);
  return x;
}
const unary =
  (op: UnaryOp) =>
  (a: Operand): Expression => ({ op, a: lift(a) });
const binary =
  (op: BinaryOp) =>
  (a: Operand, b: Operand): Expression => ({ op, a: lift(a), b: lift(b) });

/** Builders: `E.mul(E.input('x'), 2)`. */
export const E = Object.freeze({
  input: (name: string): Expression => ({ op: 'input', name }),
  constant: (value: number): Expression => ({ op: 'constant', value }),
  neg: unary('neg'),
  abs: unary('abs'),
  sqrt: unary('sqrt'),
  exp: unary('exp'),
  log: unary('log'),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  round: unary('round'),
  floor: unary('floor'),
  reciprocal: unary('reciprocal'),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  min: binary('min'),
  max: binary('max'),
  ge: binary('ge'),
  gt: binary('gt'),
  le: binary('le'),
  lt: binary('lt'),
  eq: binary('eq'),
  ne: binary('ne'),
  dirichlet: binary('dirichlet'),
  select: (test: Operand, a: Operand, b: Operand): Expression => ({
    op: 'select',
    test: lift(test),
    a: lift(a),
    b: lift(b),
  }),
  square: (a: Operand): Expression => {
    const x = lift(a);
    return { op: 'mul', a: x, b: x };
  },
  clip: (a: Operand, low: Operand, high: Operand): Expression => ({
    op: 'min',
    a: { op: 'max', a: lift(a), b: lift(low) },
    b: lift(high),
  }),
  /** The sign rule of bitgrad: -1 for x < 0, else +1 (for -0, and for NaN, as packed kernels have it). */
  sign: (a: Operand): Expression => ({
    op: 'select',
    test: { op: 'lt', a: lift(a), b: lift(0) },
    a: lift(-1),
    b: lift(1),
  }),
});

/** The children of a node, in evaluation order. */
export const children = (node: Expression): readonly Expression[] =>
  node.op === 'select'
    ? [node.test, node.a, node.b]
    : 'b' in node
      ? [node.a, node.b]
      : 'a' in node
        ? [node.a]
        : [];

const operations: ReadonlySet<unknown> = new Set(['input', 'constant', 'select', ...unaryOps, ...binaryOps]);

/**
 * Looks at one node; whoever walks an expression looks at each.
 * @throws BitgradError `invalid-option` for what is no expression
 */
export function checkExpression(node: unknown): asserts node is Expression {
  if (typeof node === 'object' && node !== null && operations.has((node as Expression).op)) return;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'bits',
    what: 'expression',
    got: node === undefined ? 'nothing' : node,
    expected: 'a formula made of E, such as E.mul(E.input("x"), 2)',
  });
}

/** The names of the inputs of an expression, in order of first use. */
export function inputsOf(expression: Expression): string[] {
  const names = new Set<string>();
  const seen = new Set<Expression>();
  const visit = (node: Expression): void => {
    if (seen.has(node)) return;
    checkExpression(node);
    seen.add(node);
    if (node.op === 'input') names.add(node.name);
    children(node).forEach(visit);
  };
  visit(expression);
  return [...names];
}
