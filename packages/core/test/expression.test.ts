// Expressions in float64, as tfjs ops, and as a linear program run by a small interpreter: all three must agree.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binaryOps,
  composeExpression,
  E,
  evaluateExpression,
  inputsOf,
  linearize,
  opcodes,
  roundHalfEven,
  unaryOps,
  type ElementwiseProgram,
  type Expression,
} from '../src/index.js';

/** What each opcode does, written apart from its own evaluation. */
const machine: Record<string, (a: number, b: number, c: number) => number> = {
  neg: (a) => 0 - a || -a,
  abs: (a) => (a < 0 ? -a : a + 0),
  sqrt: (a) => a ** 0.5,
  exp: (a) => Math.E ** a,
  log: (a) => Math.log2(a) * Math.LN2,
  sin: (a) => Math.cos(a - Math.PI / 2),
  cos: (a) => Math.sin(a + Math.PI / 2),
  tanh: (a) => 1 - 2 / (Math.E ** (2 * a) + 1),
  sigmoid: (a) => 0.5 + 0.5 * Math.tanh(a / 2),
  round: (a) => (Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)),
  floor: (a) => a - (((a % 1) + 1) % 1),
  reciprocal: (a) => a ** -1,
  add: (a, b) => b + a,
  sub: (a, b) => -b + a,
  mul: (a, b) => b * a,
  div: (a, b) => a * (1 / b),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
  ge: (a, b) => +!(a < b),
  gt: (a, b) => +(b < a),
  le: (a, b) => +!(b < a),
  lt: (a, b) => +(a < b),
  eq: (a, b) => +!(a < b || b < a),
  ne: (a, b) => +(a < b || b < a),
  dirichlet: (a, b) => (a === 0 ? b : Math.cos(b * a - Math.PI / 2) / Math.cos(a - Math.PI / 2)),
  select: (a, b, c) => (a ? b : c),
};

/** Runs a program on one value of each input, as a fused kernel does; unwritten registers are poison. */
function interpret(
  { code, constants, registers, result }: ElementwiseProgram,
  inputs: readonly number[],
): number {
  const r = new Array<number>(registers).fill(Number.NaN);
  [...inputs, ...constants].forEach((value, i) => (r[i] = value));
  const fixed = inputs.length + constants.length;
  for (let at = 0; at < code.length; at += 5) {
    const [opcode, to, a, b, c] = code.subarray(at, at + 5) as unknown as number[];
    expect(to).toBeGreaterThanOrEqual(fixed);
    expect(to).toBeLessThan(registers);
    r[to!] = machine[opcodes[opcode!]!]!(r[a!]!, r[b!]!, r[c!]!);
  }
  return r[result]!;
}

const [x, y] = [E.input('x'), E.input('y')];

/** Random trees whose values stay finite: every op's result is squashed into [-1, 1] or a comparison. */
const tree: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(x, y),
    fc.integer({ min: -4, max: 4 }).map((n) => E.constant(n / 4)),
    fc
      .tuple(
        fc.constantFrom('neg', 'abs', 'sin', 'cos', 'tanh', 'sigmoid') as fc.Arbitrary<'neg'>,
        tie('node'),
      )
      .map(([op, a]) => E[op](a)),
    fc
      .tuple(
        fc.constantFrom('add', 'sub', 'mul', 'min', 'max') as fc.Arbitrary<'add'>,
        tie('node'),
        tie('node'),
      )
      .map(([op, a, b]) => E.tanh(E[op](a, b))),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([t, a, b]) => E.select(E.gt(t, 0.1234567), a, b)),
    tie('node').map((a) => E.mul(a, a)),
  ),
})).node;

describe('the three forms of an expression', () => {
  it('agree on random trees', () => {
    const value = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(tree, value, value, (expression, a, b) => {
        const [p, q] = [Math.fround(a), Math.fround(b)];
        const inputs = ['y', 'unused', 'x'];
        const want = evaluateExpression(expression, { x: p, y: q });
        expect(interpret(linearize(expression, inputs), [q, Number.NaN, p])).toBeCloseTo(want, 9);
        const got = tf.tidy(() => {
          const tensors = { x: tf.tensor1d([p, p]), y: tf.scalar(q) };
          return [...composeExpression(expression, tensors, [2]).dataSync()];
        });
        // A comparison in float32 may fall the other way of a value computed in float64.
        if (!JSON.stringify(expression).includes('select'))
          got.forEach((v) => expect(v).toBeCloseTo(want, 4));
      }),
      { numRuns: 200 },
    );
  });

  it.each([...unaryOps, ...binaryOps, 'select'])('agree on %s', (op) => {
    for (const [left, b] of [
      [0.5, 0.25],
      [2.5, 2.5],
      [3, 0.1],
      [1.5, 1.75],
    ] as const) {
      // The domain of dirichlet ends at pi / 2.
      const a = op === 'dirichlet' ? left / 2 : left;
      const expression =
        op === 'select'
          ? E.select(E.gt(x, 1), y, E.neg(y))
          : (E[op as 'add'] as (...args: Expression[]) => Expression)(x, y);
      const node =
        'b' in expression || op === 'select'
          ? expression
          : (E[op as 'abs'] as (a: Expression) => Expression)(x);
      const want = evaluateExpression(node, { x: a, y: b });
      expect(interpret(linearize(node, ['x', 'y']), [a, b])).toBeCloseTo(want, 12);
      const got = tf.tidy(
        () => composeExpression(node, { x: tf.scalar(a), y: tf.scalar(b) }, []).dataSync()[0]!,
      );
      expect(got).toBeCloseTo(want, 5);
    }
  });

  it('dirichlet is the sum of the odd cosines that it stands for, with its limit at 0', () => {
    for (const count of [1, 2, 5, 33])
      for (const a of [0, 1e-7, 1e-5, 0.01, 0.5, 1.2, Math.PI / 2]) {
        const want = Array.from({ length: count }, (_, i) => 2 * Math.cos((2 * i + 1) * a));
        const sum = want.reduce((total, term) => total + term);
        const node = E.dirichlet(x, 2 * count);
        expect(evaluateExpression(node, { x: a })).toBeCloseTo(sum, 9);
        const got = tf.tidy(() => composeExpression(node, { x: tf.tensor1d([a, -a]) }, [2]).dataSync());
        got.forEach((v) => expect(Math.abs(v - sum)).toBeLessThan(1e-5 * 2 * count));
      }
  });

  it('agree with Math and plain comparisons', () => {
    expect(evaluateExpression(E.tanh(x), { x: 0.3 })).toBe(Math.tanh(0.3));
    expect(evaluateExpression(E.div(x, 4), { x: 6 })).toBe(1.5);
    for (const op of ['ge', 'gt', 'le', 'lt', 'eq'] as const)
      expect(evaluateExpression(E[op](x, x), { x: Number.NaN })).toBe(0);
    expect(evaluateExpression(E.ne(x, x), { x: Number.NaN })).toBe(1);
    expect(evaluateExpression(E.select(0, Number.NaN, 7), {})).toBe(7);
  });
});

describe('linearize', () => {
  it('computes shared and equal subtrees once and reuses registers', () => {
    const d = E.sub(x, y);
    const twice = E.add(E.mul(d, d), E.abs(E.sub(x, y)));
    const program = linearize(twice, ['x', 'y']);
    expect(program.code.length / 5).toBe(4);
    // A long chain needs one register beside its input.
    let chain: Expression = x;
    for (let i = 0; i < 20; i++) chain = E.sin(chain);
    expect(linearize(chain, ['x'])).toMatchObject({ registers: 2 });
  });

  it('tells 0 and -0 apart, and keeps equal constants once', () => {
    const program = linearize(E.add(E.mul(x, 0), E.add(E.constant(-0), E.constant(0))), ['x']);
    expect(program.constants).toHaveLength(2);
  });

  it('gives equal keys to equal programs only', () => {
    const key = (expression: Expression) => linearize(expression, ['x']).key;
    expect(key(E.mul(x, 2))).toBe(key(E.mul(E.input('x'), 2)));
    expect(key(E.mul(x, 2))).not.toBe(key(E.mul(x, 3)));
    expect(key(E.mul(x, 2))).not.toBe(key(E.add(x, 2)));
  });

  it('handles expressions that are an input or a constant', () => {
    expect(interpret(linearize(x, ['y', 'x']), [1, 5])).toBe(5);
    expect(interpret(linearize(E.constant(3), []), [])).toBe(3);
  });

  it('names a missing input', () => {
    const missing = expect.objectContaining({
      code: 'invalid-option',
      message: expect.stringContaining('"y"'),
    });
    expect(() => linearize(E.add(x, y), ['x'])).toThrow(missing);
    expect(() => evaluateExpression(E.add(x, y), { x: 1 })).toThrow(missing);
    expect(() => tf.tidy(() => composeExpression(E.add(x, y), { x: tf.scalar(1) }, []))).toThrow(missing);
  });
});

describe('composeExpression', () => {
  it('broadcasts to the shape that is asked for, disposes what it makes, and never hands out an input', () => {
    const full = tf.ones([2, 3]);
    const before = tf.memory().numTensors;
    const results = [
      composeExpression(E.constant(2), {}, [2, 3]),
      composeExpression(E.mul(x, y), { x: full, y: tf.scalar(2) }, [2, 3]),
      composeExpression(x, { x: full }, [2, 3]),
    ];
    expect(results.map((t) => [...t.dataSync()])).toEqual([
      Array(6).fill(2),
      Array(6).fill(2),
      Array(6).fill(1),
    ]);
    results.forEach((t) => t.dispose());
    expect(full.isDisposed).toBe(false);
    expect(tf.memory().numTensors).toBe(before + 1); // the scalar 2, which is the caller's
  });
});

describe('helpers', () => {
  it('sign follows the rule of bits: -0 and NaN count as +1', () => {
    const sign = (v: number) => evaluateExpression(E.sign(x), { x: v });
    expect([0, -0, 1e-300, -1e-300, Infinity, -Infinity, Number.NaN].map(sign)).toEqual([
      1, 1, 1, -1, 1, -1, 1,
    ]);
    const tensor = tf.tidy(() =>
      composeExpression(E.sign(x), { x: tf.tensor1d([0, -0, -1, Number.NaN]) }, [4]).dataSync(),
    );
    expect([...tensor]).toEqual([1, 1, -1, 1]);
  });

  it('round goes to the nearest, ties to even', () =>
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6, -2.6, 7].map(roundHalfEven)).toEqual(
      [0, 2, 2, -0, -2, 2, 3, -3, 7].map((v) => v + 0),
    ));

  it('inputsOf lists names in order of first use', () =>
    expect(inputsOf(E.add(E.mul(y, x), y))).toEqual(['y', 'x']));

  it('clip and square', () => {
    expect([-9, 0.2, 9].map((v) => evaluateExpression(E.clip(x, -1, 1), { x: v }))).toEqual([-1, 0.2, 1]);
    expect(evaluateExpression(E.square(-3), {})).toBe(9);
  });
});
