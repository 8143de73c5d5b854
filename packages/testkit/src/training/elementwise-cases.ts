// Elementwise expressions (fused or composed), broadcasting, reductions and activations.
import * as tf from '@tensorflow/tfjs-core';
import {
  binaryOps,
  E,
  elementwise,
  evaluateExpression,
  unaryOps,
  type BinaryOp,
  type Expression,
  type UnaryOp,
} from '@bitgrad/core';
import { defineCase, type ConformanceCase } from '../case.js';
import { expectClose } from '../compare.js';
import { checkOp, normal, run, sizeOf, type TrainingSession, type Values } from './session.js';

const [x, y] = [E.input('x'), E.input('y')];

/** Where a function is defined and its result is of ordinary size. */
const domain: Partial<Record<UnaryOp, (v: number) => number>> = {
  sqrt: Math.abs,
  log: (v) => Math.abs(v) + 0.01,
  reciprocal: (v) => (v < 0 ? v - 0.1 : v + 0.1),
};

/** Puts the operands of `dirichlet` into its domain, with the limit at 0 and what is near it. */
const angles = (a: Float32Array, b: Float32Array): void => {
  a.forEach((v, i) => (a[i] = (Math.PI / 2) * Math.tanh(v)));
  b.forEach((_, i) => (b[i] = 1 + (i % 130)));
  a.set([0, -0, 1e-30, -1e-6, 1.0001e-5, 3e-4, Math.fround(Math.PI / 2)]);
};

const evaluate = (
  expression: Expression,
  inputs: Readonly<Record<string, Values>>,
  shape: readonly number[],
): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) =>
    evaluateExpression(
      expression,
      Object.fromEntries(
        // Every input is full, one element, or a vector along the last axis: the index wraps around in each.
        Object.entries(inputs).map(([name, { values }]) => [name, values[i % values.length]!]),
      ),
    ),
  );

const checkExpression = async (
  label: string,
  expression: Expression,
  inputs: Readonly<Record<string, Values>>,
  shape: readonly number[],
  tolerance: number,
): Promise<void> => {
  const names = Object.keys(inputs);
  const [got] = await run(
    (...tensors) => elementwise(expression, Object.fromEntries(names.map((n, i) => [n, tensors[i]!])), shape),
    names.map((name) => inputs[name]!),
  );
  expectClose(`elementwise ${label}`, got!, evaluate(expression, inputs, shape), tolerance);
};

const everyOp = defineCase<TrainingSession>(
  'elementwise expressions of every operation',
  async ({ tolerance = 1e-5 }) => {
    for (const op of unaryOps) {
      const { shape, values } = normal(`unary ${op}`, [4, 33]);
      const inside = { shape, values: values.map(domain[op] ?? ((v) => v)) };
      await checkExpression(op, E[op](x), { x: inside }, shape, tolerance);
    }
    for (const op of binaryOps) {
      const [a, b] = [normal(`left ${op}`, [4, 33]), normal(`right ${op}`, [4, 33])];
      // Equal pairs decide the comparisons.
      for (let i = 0; i < a.values.length; i += 3) a.values[i] = b.values[i]!;
      if (op === 'dirichlet') angles(a.values, b.values);
      await checkExpression(op, E[op as BinaryOp](x, y), { x: a, y: b }, a.shape, tolerance);
    }
    const [a, b] = [normal('if', [4, 33]), normal('else', [4, 33])];
    await checkExpression('select', E.select(E.gt(x, 0), y, E.mul(x, y)), { x: a, y: b }, a.shape, tolerance);
  },
);

/** sign(x) * clipped tanh of (x - y) * s + sin: shared subtrees, constants, several registers. */
const large = (): Expression => {
  const d = E.mul(E.sub(x, y), E.input('s'));
  const t = E.tanh(E.clip(d, -2, 2));
  return E.add(E.mul(E.sign(x), t), E.select(E.le(E.abs(d), 1), E.square(E.sin(d)), E.div(t, 3)));
};

const shapes = defineCase<TrainingSession>(
  'elementwise expressions of every shape and broadcast',
  async ({ tolerance = 1e-5 }) => {
    for (const shape of [[1], [3], [2, 1], [5, 7], [2, 3, 3, 5], [1023], [33, 129]]) {
      const inputs = {
        x: normal('full', shape),
        y: normal('vector', [shape.at(-1)!]),
        s: normal('scalar', []),
      };
      await checkExpression(`on [${shape}]`, large(), inputs, shape, tolerance);
      await checkExpression(`constant on [${shape}]`, E.add(E.constant(2), 0.5), {}, shape, tolerance);
    }
  },
);

const extremes = defineCase<TrainingSession>('elementwise rules for -0, infinities and NaN', async () => {
  const values = Float32Array.of(
    0,
    -0,
    1e-38,
    -1e-38,
    Infinity,
    -Infinity,
    NaN,
    0.5,
    -0.5,
    2.5,
    -2.5,
    3.4e38,
  );
  const inputs = { x: { shape: [values.length], values } };
  const rules: Record<string, Expression> = {
    sign: E.sign(x),
    'at least 0': E.ge(x, 0),
    'above 0': E.gt(x, 0),
    'at most 0': E.le(x, 0),
    'below 0': E.lt(x, 0),
    'equal to itself': E.eq(x, x),
    'unequal to itself': E.ne(x, x),
    'the value not taken': E.select(E.le(E.abs(x), 1), 3, E.mul(x, Infinity)),
    'ties to even': E.round(E.select(E.le(E.abs(x), 100), x, 0)),
  };
  for (const [label, rule] of Object.entries(rules))
    await checkExpression(label, rule, inputs, [values.length], 0);
});

const broadcasting = defineCase<TrainingSession>(
  'broadcast arithmetic and its gradients',
  async (session) => {
    const [a, b] = [normal('left', [4, 3]), normal('right', [3])];
    const right = (i: number) => b.values[i % 3]!;
    const folded = (terms: Float64Array) => {
      const sum = new Float64Array(3);
      terms.forEach((t, i) => (sum[i % 3]! += t));
      return sum;
    };
    await checkOp(
      {
        label: 'mul',
        inputs: [a, b],
        f: (s, t) => tf.mul(s!, t!),
        value: () => a.values.map((v, i) => v * right(i)),
        gradients: (dy) => [dy.map((d, i) => d * right(i)), folded(dy.map((d, i) => d * a.values[i]!))],
      },
      session,
    );
    await checkOp(
      {
        label: 'sub',
        inputs: [a, b],
        f: (s, t) => tf.sub(s!, t!),
        value: () => a.values.map((v, i) => v - right(i)),
        gradients: (dy) => [dy, folded(dy.map((d) => -d))],
      },
      session,
    );
  },
);

const reductions = defineCase<TrainingSession>(
  'sum and mean over axes, with their gradients',
  async (session) => {
    const a = normal('reduced', [5, 3, 2]);
    for (const [label, f, share] of [
      ['sum', tf.sum, 1],
      ['mean', tf.mean, 1 / 15],
    ] as const)
      await checkOp(
        {
          label: `${label} over axes 0 and 1`,
          inputs: [a],
          f: (t) => f(t!, [0, 1]),
          value: () => {
            const sum = new Float64Array(2);
            a.values.forEach((v, i) => (sum[i % 2]! += v * share));
            return sum;
          },
          gradients: (dy) => [Float64Array.from(a.values, (_, i) => dy[i % 2]! * share)],
        },
        session,
      );
  },
);

const activations = defineCase<TrainingSession>('relu and prelu with their gradients', async (session) => {
  const [a, slope] = [normal('activated', [2, 3, 3, 5]), normal('slope', [5])];
  const at = (i: number) => slope.values[i % 5]!;
  await checkOp(
    {
      label: 'relu',
      inputs: [a],
      f: (t) => tf.relu(t!),
      value: () => a.values.map((v) => Math.max(v, 0)),
      gradients: (dy) => [dy.map((d, i) => (a.values[i]! > 0 ? d : 0))],
    },
    session,
  );
  await checkOp(
    {
      label: 'prelu',
      inputs: [a, slope],
      f: (t, s) => tf.prelu(t!, s!),
      value: () => a.values.map((v, i) => (v > 0 ? v : v * at(i))),
      gradients: (dy) => {
        const ds = new Float64Array(5);
        dy.forEach((d, i) => a.values[i]! <= 0 && (ds[i % 5]! += d * a.values[i]!));
        return [dy.map((d, i) => (a.values[i]! > 0 ? d : d * at(i))), ds];
      },
    },
    session,
  );
});

/** Cases of elementwise ops and reductions. */
export const elementwiseCases: readonly ConformanceCase<TrainingSession>[] = [
  everyOp,
  shapes,
  extremes,
  broadcasting,
  reductions,
  activations,
];
