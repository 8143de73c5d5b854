// Expressions as tfjs ops: the path of backends without the fused elementwise kernel.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/bits';
import type { BinaryOp, Expression, UnaryOp } from './expression.js';

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

/** Below this angle sin(b t) / sin(t) counts as its value here: relative error under 3e-7 for b <= 130. */
const smallAngle = 1e-5;

const dirichlet = (a: T, b: T): T => {
  const t = tf.maximum(tf.abs(a), smallAngle);
  return tf.div(tf.sin(tf.mul(t, b)), tf.sin(t));
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
  return tf.tidy(() => {
    const known = new Map<Expression, T>();
    const value = (node: Expression): T => {
      const cached = known.get(node);
      if (cached) return cached;
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
          if (!given)
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
          const full = commonShape(test, a, b) as never;
          const [t2, a2, b2] = [test, a, b].map((t) => tf.broadcastTo(t, full));
          return tf.where(tf.cast(t2!, 'bool'), a2!, b2!);
        }
        default:
          return 'b' in node ? binary[node.op](value(node.a), value(node.b)) : unary[node.op](value(node.a));
      }
    };
    const result = value(expression);
    const same = result.shape.length === shape.length && result.shape.every((d, i) => d === shape[i]);
    // A result that is an input itself must not be handed out as new.
    return same
      ? Object.values(inputs).includes(result)
        ? tf.clone(result)
        : result
      : tf.broadcastTo(result, [...shape] as never);
  });
}

const commonShape = (...tensors: T[]): number[] =>
  tensors.reduce<number[]>((shape, t) => tf.backend_util.assertAndGetBroadcastShape(shape, t.shape), []);
