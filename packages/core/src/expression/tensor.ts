// Expressions as tfjs ops: the path of backends without the fused elementwise kernel.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  checkExpression,
  checkValue,
  option,
  type BinaryOp,
  type Expression,
  type UnaryOp,
} from '@bitgrad/bits';
import { expectObject } from '../expect.js';
import { shapeMismatch } from '../ops/expect-tensor.js';

type T = tf.Tensor;

const unary: Record<UnaryOp, (a: T) => T> = {
  neg: tf.neg,
  abs: tf.abs,
  sqrt: tf.sqrt,
  exp: tf.exp,
  log: tf.log,
  sin: tf.sin,
  cos: tf.cos,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  round: tf.round,
  floor: tf.floor,
  reciprocal: tf.reciprocal,
};

const float = (a: T): T => tf.cast(a, 'float32');

/** sin(t) for |t| <= pi / 2 by basic arithmetic, relative error under 2e-7 in float32 (minimax, degree 9). */
const quarterSine = (t: T): T => {
  const z = tf.square(t);
  let p: T = tf.scalar(2.605780537123792e-6);
  for (const c of [-1.9809602235909551e-4, 8.33306647837162e-3, -0.16666659712791443])
    p = tf.add(tf.mul(p, z), c);
  return tf.add(t, tf.mul(t, tf.mul(p, z)));
};

/** Where b t is below this, sin(b t) / sin(t) is its parabola: relative error under 1e-7. */
const smallAngle = 0.05;

/** GPUs bound only the absolute error of their sine, so that a quotient of two small ones is worth nothing. */
const dirichlet = (a: T, b: T): T => {
  const t = tf.abs(a);
  const angle = tf.mul(t, b);
  const large = tf.div(tf.sin(angle), quarterSine(tf.maximum(t, 1e-20)));
  const parabola = tf.mul(b, tf.sub(1, tf.mul(tf.square(t), tf.div(tf.sub(tf.square(b), 1), 6))));
  return tf.add(large, tf.mul(float(tf.less(angle, smallAngle)), tf.sub(parabola, large)));
};

const binary: Record<BinaryOp, (a: T, b: T) => T> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  min: tf.minimum,
  max: tf.maximum,
  ge: (a, b) => float(tf.greaterEqual(a, b)),
  gt: (a, b) => float(tf.greater(a, b)),
  le: (a, b) => float(tf.lessEqual(a, b)),
  lt: (a, b) => float(tf.less(a, b)),
  eq: (a, b) => float(tf.equal(a, b)),
  ne: (a, b) => float(tf.notEqual(a, b)),
  dirichlet,
};

/**
 * Evaluates an expression on tensors; inputs broadcast against each other.
 * @param shape shape of the result, for expressions that do not depend on a full-size input
 * @returns float32 tensor of `shape`; intermediate tensors are disposed
 */
export function composeExpression(
  expression: Expression,
  inputs: Readonly<Record<string, T>>,
  shape: readonly number[],
): T {
  expectObject('inputs of an expression', inputs);
  checkShape(shape);
  return tf.tidy(() => {
    const known = new Map<Expression, T>();
    const value = (node: Expression): T => {
      const cached = known.get(node);
      if (cached) return cached;
      checkExpression(node);
      const result = compute(node);
      known.set(node, result);
      return result;
    };
    const compute = (node: Expression): T => {
      switch (node.op) {
        case 'constant':
          return tf.scalar(node.value);
        case 'input': {
          const given = inputs[node.name];
          if (!(given instanceof tf.Tensor))
            throw new BitgradError({
              code: 'invalid-option',
              source: 'core',
              what: `input "${node.name}" of an expression is missing`,
              got: Object.keys(inputs),
              expected: 'a tensor for each input',
            });
          return given;
        }
        case 'select': {
          const [test, a, b] = [value(node.test), value(node.a), value(node.b)];
          // Some backends want one shape for all three.
          const full = commonShape(test, a, b);
          const whole = (of: Expression, t: T): T =>
            // Tiling, which this broadcasts by, takes long on some.
            of.op === 'constant' ? tf.fill(full, of.value) : tf.broadcastTo(t, full as never);
          return tf.where(tf.cast(whole(node.test, test), 'bool'), whole(node.a, a), whole(node.b, b));
        }
        default:
          return 'b' in node ? binary[node.op](value(node.a), value(node.b)) : unary[node.op](value(node.a));
      }
    };
    const result = value(expression);
    const same = result.shape.length === shape.length && result.shape.every((d, i) => d === shape[i]);
    if (!broadcasts(result.shape, shape))
      throw shapeMismatch(
        'inputs of an elementwise expression',
        result.shape,
        `what broadcasts to [${shape.join(', ')}]`,
      );
    // A result that is an input itself must not be handed out as new.
    return same
      ? Object.values(inputs).includes(result)
        ? tf.clone(result)
        : result
      : tf.broadcastTo(result, [...shape] as never);
  });
}

const sizes = option.required(option.list(option.integer(0)));
const checkShape = (shape: readonly number[]): void =>
  checkValue('core', 'shape of an elementwise result', shape, sizes);

const broadcasts = (from: readonly number[], to: readonly number[]): boolean =>
  from.length <= to.length && from.every((d, i) => d === 1 || d === to[to.length - from.length + i]);

const commonShape = (...tensors: T[]): number[] =>
  tensors.reduce<number[]>((shape, t) => tf.backend_util.assertAndGetBroadcastShape(shape, t.shape), []);
