// Soft signs T and their derivatives T': SignSwish (arXiv 1812.11800), tanh, EDE (arXiv 1909.10788), the quadratic of
// Bi-Real (arXiv 1808.00278). Plain Math and expressions, written apart; u is already multiplied by the steepness.
import { E, type Expression } from '@bitgrad/core';

/** An odd curve that goes from -limit to limit, of a dimensionless u. */
export interface SoftSign {
  readonly name: string;
  value(u: number): number;
  slope(u: number): number;
  valueExpression(u: Expression): Expression;
  slopeExpression(u: Expression): Expression;
  /** Where value or slope has a kink. */
  readonly breakpoints: readonly number[];
}

/** Beyond this, sigmoid and tanh equal their limits in float32; clipping keeps inf * 0 out. */
const farOut = 40;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** SS(u) = 2 s (1 + u (1 - s)) - 1, s = sigmoid(u); overshoots +-1 by 0.1 near |u| = 2.4 (arXiv 1812.11800, 2402.17710). */
export const signSwish: SoftSign = {
  name: 'sign-swish',
  value: (u) => {
    const c = Math.min(700, Math.max(-700, u));
    const s = sigmoid(c);
    return 2 * s * (1 + c * sigmoid(-c)) - 1;
  },
  slope: (u) => {
    const a = Math.min(700, Math.abs(u));
    return (2 - a * Math.tanh(a / 2)) / (1 + Math.cosh(a));
  },
  valueExpression: (u) => {
    const c = E.clip(u, -farOut, farOut);
    const s = E.sigmoid(c);
    return E.sub(E.mul(E.mul(2, s), E.add(1, E.mul(c, E.sigmoid(E.neg(c))))), 1);
  },
  // 1 + cosh(u) = 1 / (2 s (1 - s)) and tanh(u/2) = 2 s - 1: no overflow in float32.
  slopeExpression: (u) => {
    const a = E.min(E.abs(u), farOut);
    const s = E.sigmoid(a);
    const bracket = E.sub(2, E.mul(a, E.sub(E.mul(2, s), 1)));
    return E.mul(E.mul(2, E.mul(s, E.sigmoid(E.neg(a)))), bracket);
  },
  breakpoints: [],
};

/** tanh(u). */
export const tanh: SoftSign = {
  name: 'tanh',
  value: Math.tanh,
  slope: (u) => 1 / Math.cosh(Math.min(700, Math.abs(u))) ** 2,
  valueExpression: (u) => E.tanh(u),
  // 1 - tanh(u)^2 without the cancellation of float32 in its tails.
  slopeExpression: (u) => E.mul(4, E.mul(E.sigmoid(E.mul(2, u)), E.sigmoid(E.mul(-2, u)))),
  breakpoints: [],
};

/** u (2 - |u|) on [-1, 1], +-1 outside: the integral of Bi-Real's surrogate 2 - 2|u| (arXiv 1808.00278). */
export const quadratic: SoftSign = {
  name: 'quadratic',
  value: (u) => (u <= -1 ? -1 : u >= 1 ? 1 : u < 0 ? 2 * u + u * u : 2 * u - u * u),
  slope: (u) => Math.max(0, 2 - 2 * Math.abs(u)),
  valueExpression: (u) => {
    const c = E.clip(u, -1, 1);
    return E.mul(c, E.sub(2, E.abs(c)));
  },
  slopeExpression: (u) => E.max(E.sub(2, E.mul(2, E.abs(u))), 0),
  breakpoints: [-1, 0, 1],
};
