// Expressions of a quantizer's halves: most are the same at every step, and making one, and the program of it, costs as much as a
// small kernel.
import { checkValue, E, option, type Expression } from '@bitgrad/bits';
import type { Scalars } from '../contracts/context.js';
import { expectObject } from '../expect.js';

/** A forward or a surrogate that has an expression. */
interface Half {
  expression?(scalars: Scalars): Expression;
}

const latest = new WeakMap<Half, { readonly scalars: Scalars; readonly expression: Expression }>();

const equal = (a: Scalars, b: Scalars): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

const halfRule = option.required(
  option.of(
    'a forward or a surrogate with an expression',
    (v) => typeof (v as Half | null)?.expression === 'function',
  ),
);

/**
 * The expression of a half at these scalars; the same object as before while they are the same.
 * @throws BitgradError `invalid-option`
 */
export function expressionOf(half: Half, scalars: Scalars): Expression {
  checkValue('core', 'half given to expressionOf', half, halfRule);
  expectObject('scalars of expressionOf', scalars);
  const before = latest.get(half);
  if (before && equal(before.scalars, scalars)) return before.expression;
  const expression = half.expression!(scalars);
  latest.set(half, { scalars: { ...scalars }, expression });
  return expression;
}

const products = new WeakMap<Expression, Expression>();

/** dy B(x), of B(x); the same object each time. */
export function timesDy(surrogate: Expression): Expression {
  const product = products.get(surrogate) ?? E.mul(E.input('dy'), surrogate);
  products.set(surrogate, product);
  return product;
}
