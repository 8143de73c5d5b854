import { E, type Expression } from '@bitgrad/bits';
import { elementCount } from '../tensors.js';
import { name } from './attributes.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/**
 * A smooth function of each element, `f32` -> `f32`. It is {@link unaryValue}, every step rounded to float32 (fround), so
 * that engines agree bit for bit. The exponential is exp32 of @bitgrad/bits.
 */
export const unary = /* @__PURE__ */ defineOp({
  attributes: { function: /* @__PURE__ */ name('sigmoid', 'tanh', 'gelu') },
  rule: (args) => ({ ...floatsToFloats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
});

/** See {@link unary}. */
export type UnaryOp = OpOf<'unary', typeof unary>;

/** Logistic sigmoid. */
const sigmoid = (x: Expression): Expression => {
  const e = E.exp(E.neg(E.abs(x)));
  return E.div(E.select(E.ge(x, 0), 1, e), E.add(1, e));
};

/** Hyperbolic tangent, absolute error below 2e-7. */
const tanh = (x: Expression): Expression => {
  const e = E.exp(E.mul(-2, E.abs(x)));
  const m = E.div(E.sub(1, e), E.add(1, e));
  return E.select(E.lt(x, 0), E.neg(m), m);
};

/**
 * Error function, absolute error below 6e-7: with a = |x| and t = 1 / (1 + 0.3275911 a), 1 - (polynomial of degree 5 in t,
 * by Horner's rule) * exp(-a^2), with the sign of x.
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26
 */
export const erf = (x: Expression): Expression => {
  const a = E.abs(x);
  const t = E.div(1, E.add(1, E.mul(0.3275911, a)));
  const q = [-1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce<Expression>(
    (sum, coefficient) => E.add(E.mul(sum, t), coefficient),
    E.constant(1.061405429),
  );
  const m = E.sub(1, E.mul(E.mul(q, t), E.exp(E.neg(E.mul(a, a)))));
  return E.select(E.lt(x, 0), E.neg(m), m);
};

/** GELU in its erf form. */
const gelu = (x: Expression): Expression => E.mul(E.mul(0.5, x), E.add(1, erf(E.mul(x, Math.SQRT1_2))));

const functions = { sigmoid, tanh, gelu };

/** Its value. */
export const unaryValue = ({ function: which }: Pick<UnaryOp, 'function'>): Expression =>
  functions[which](E.input('x'));
