// The series in closed form, as expressions for the fused kernels: the cost of the gradient does not depend on n.
import { E, type Expression } from '@bitgrad/core';
import { harmonicWeight, type Weighting } from './series.js';

/**
 * The angle omega |x|, folded into [0, pi/2], and the sign that the derivative gets there: f'(pi - t) = -f'(t).
 * Folding subtracts in two parts (Sterbenz: the first is exact), so that the singular point pi / omega is as accurate
 * as 0 in float32.
 */
const foldedAngle = (x: Expression, omega: number): { angle: Expression; sign: Expression } => {
  const half = Math.PI / omega;
  const high = Math.fround(half);
  const magnitude = E.abs(x);
  const far = E.gt(magnitude, half / 2);
  const mirrored = E.abs(E.add(E.sub(high, magnitude), half - high));
  return { angle: E.mul(E.select(far, mirrored, magnitude), omega), sign: E.select(far, -1, 1) };
};

/**
 * B_n(x) = (2 omega / pi) sin(2 (n+1) omega x) / sin(omega x), the sum of n+1 odd harmonics (FDA, arXiv 2103.00841),
 * with its limits at 0 and at +-pi / omega. Valid for |x| up to half a period.
 * @param clip what is asked for: |x| up to here only. Up to a quarter period nothing has to be folded
 */
function plainDerivative(x: Expression, n: number, omega: number, clip = Infinity): Expression {
  const near = clip <= Math.PI / (2 * omega);
  const { angle, sign } = near
    ? { angle: E.mul(E.abs(x), omega), sign: E.constant(1) }
    : foldedAngle(x, omega);
  const ratio = E.dirichlet(angle, 2 * (n + 1));
  const factor = (2 * omega) / Math.PI;
  return near ? E.mul(ratio, factor) : E.mul(E.mul(ratio, sign), factor);
}

/**
 * The Fejer-weighted derivative, (2 omega / (pi (n+1))) (sin((n+1) t) / sin(t))^2 cos(t) with t = omega x: the cosine
 * sum with weights 1 - (2i+1) / (2n+2). Nonnegative up to a quarter period.
 */
function fejerDerivative(x: Expression, n: number, omega: number): Expression {
  const { angle, sign } = foldedAngle(x, omega);
  const m = n + 1;
  const ratio = E.dirichlet(angle, m);
  const shape = E.mul(E.mul(E.square(ratio), E.cos(angle)), sign);
  return E.mul(shape, (2 * omega) / (Math.PI * m));
}

/**
 * sum_i a_i sin((2i+1) t), or the same with cos, by Clenshaw's recurrence in Reinsch's form (stable near t = 0); four
 * operations a harmonic.
 */
function clenshaw(angle: Expression, coefficients: readonly number[], kind: 'sin' | 'cos'): Expression {
  const sine = E.sin(angle);
  // phi_{i+1} = 2 cos(2t) phi_i - phi_{i-1}; with u = 2 cos(2t) - 2 = -4 sin(t)^2 the differences d stay small.
  const u = E.mul(E.square(sine), -4);
  let b: Expression = E.constant(0);
  let d: Expression = E.constant(0);
  for (const a of coefficients.toReversed()) {
    // On entry b = b_{i+1} and d = d_{i+1}; d_i = a_i + u b_{i+1} + d_{i+1}, b_i = d_i + b_{i+1}.
    d = E.add(E.add(E.mul(u, b), d), a);
    b = E.add(d, b);
  }
  // phi_{-1} = -phi_0 for sines and +phi_0 for cosines: (b_0 + b_1) sin t and (b_0 - b_1) cos t, with b_1 = b_0 - d_0.
  return kind === 'sin' ? E.mul(E.sub(E.mul(b, 2), d), sine) : E.mul(d, E.cos(angle));
}

const coefficients = (n: number, weighting: Weighting, divide: boolean): number[] =>
  Array.from({ length: n + 1 }, (_, i) => harmonicWeight(weighting, i, n) / (divide ? 2 * i + 1 : 1));

/** f_n(x) for |x| up to a quarter period, held constant beyond. */
export function seriesExpression(x: Expression, n: number, omega: number, weighting: Weighting): Expression {
  const quarter = Math.PI / (2 * omega);
  const angle = E.mul(E.clip(x, -quarter, quarter), omega);
  return E.mul(clenshaw(angle, coefficients(n, weighting, true), 'sin'), 4 / Math.PI);
}

/** f_n'(x), where |x| <= clip: in closed form for plain and Fejer weights, by recurrence for Lanczos. */
export function derivativeExpression(
  x: Expression,
  n: number,
  omega: number,
  weighting: Weighting,
  clip = Infinity,
): Expression {
  if (weighting === 'plain') return plainDerivative(x, n, omega, clip);
  if (weighting === 'fejer') return fejerDerivative(x, n, omega);
  const { angle, sign } = foldedAngle(x, omega);
  return E.mul(E.mul(clenshaw(angle, coefficients(n, weighting, false), 'cos'), sign), (4 * omega) / Math.PI);
}
