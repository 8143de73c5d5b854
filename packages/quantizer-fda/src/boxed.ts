// FDA++ in a box, and how it becomes hard: F = T o P and B = T' o P with T = f_n / f_n(1) and P the map that pulls the
// box [-1, 1] to its ends, P(u) = sign(u) (rho + (1 - rho) |u|). At rho = 0 P is the identity and the pair is the series
// with its own derivative; rho then grows to 1, where P and with it F is exactly sign and B is constant in the box. P is
// nondecreasing at every rho, so every step on the way is sound (ProxConnect++, arXiv 2402.17710), and nothing is left to
// harden at the end of training.
import {
  binarySign,
  defineForward,
  defineSurrogate,
  E,
  type Expression,
  type ForwardQuantizer,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import { derivativeExpression, seriesExpression } from './closed-form.js';
import { checkPairOptions, frequency, type PairOptions } from './forward.js';
import { scaled, scaleStatistic } from './scale.js';
import { seriesDerivative, seriesValue } from './series.js';
import { wholeN } from './surrogate.js';

/** Mean |w| of a kernel that one box is wide: holds nearly all weights. */
const boxWidth = 3;

const statistics = scaleStatistic(boxWidth);

const at = (scalars: Scalars, { n }: PairOptions) => ({
  n: wholeN(scalars.n, n),
  rho: Math.min(1, Math.max(0, scalars.rho ?? 0)),
  scale: scalars.scale ?? 1,
});

/** T and its slope in float64, and the factor that gives B a mean of 1 over the box, so that Adam's steps keep their size. */
function parts(options: PairOptions, n: number, rho: number) {
  const { weighting } = options;
  const omega = frequency(options);
  const top = seriesValue(1, n, omega, weighting);
  const value = (p: number): number => seriesValue(p, n, omega, weighting) / top;
  const slope = (p: number): number => seriesDerivative(p, n, omega, weighting) / top;
  const mean = rho < 1 ? (1 - value(rho)) / (1 - rho) : slope(1);
  return { omega, top, value, slope, gain: 1 / mean };
}

const pulled = (u: number, rho: number): number => (u < 0 ? -1 : 1) * (rho + (1 - rho) * Math.abs(u));

const pulledExpression = (u: Expression, rho: number): Expression =>
  rho === 0 ? u : E.mul(E.sign(u), E.add(E.mul(E.abs(u), 1 - rho), rho));

const breakpoints = ({ scale = 1 }: Scalars): number[] => [-scale, 0, scale];

/**
 * F(x) = T(P(x / scale)) in the box |x| <= scale, sign beyond it; scalars n, rho in [0, 1] and scale.
 * @param options.reach a quarter period, in boxes; more than n + 1, so that T rises in the whole box
 */
export function boxedForward(options: PairOptions): ForwardQuantizer {
  checkPairOptions('boxedForward', options);
  const value = (u: number, scalars: Scalars): number => {
    const { n, rho } = at(scalars, options);
    return Math.abs(u) >= 1 ? Math.sign(u) : parts(options, n, rho).value(pulled(u, rho));
  };
  return defineForward({
    name: 'fourier-box',
    options: { ...options },
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: true,
    formula: (x, scalars) => value(x / (scalars.scale ?? 1), scalars),
    hardFormula: binarySign,
    expression: (scalars) => {
      const { n, rho } = at(scalars, options);
      if (rho === 1) return E.sign(E.input('x'));
      const { omega, top } = parts(options, n, rho);
      const u = scaled();
      const inside = seriesExpression(pulledExpression(u, rho), n, omega, options.weighting);
      return E.select(E.ge(E.abs(u), 1), E.sign(u), E.mul(inside, 1 / top));
    },
    hardExpression: () => E.sign(E.input('x')),
    statistics,
    jumps: (scalars) => {
      const { rho } = at(scalars, options);
      const edge = value(0, scalars);
      return rho > 0 ? [{ at: 0, from: -edge, to: edge }] : [];
    },
    breakpoints,
  });
}

/** B(x) = T'(P(x / scale)), scaled to a mean of 1 over the box; 0 beyond the box. The derivative half of the pair. */
export function boxedSurrogate(options: PairOptions): SurrogateGradient {
  checkPairOptions('boxedSurrogate', options);
  return defineSurrogate({
    name: 'fourier-box-derivative',
    options: { ...options },
    formula: (x, scalars) => {
      const { n, rho, scale } = at(scalars, options);
      const { slope, gain } = parts(options, n, rho);
      return Math.abs(x / scale) <= 1 ? gain * slope(pulled(x / scale, rho)) : 0;
    },
    expression: (scalars) => {
      const { n, rho } = at(scalars, options);
      const { omega, top, gain } = parts(options, n, rho);
      const u = scaled();
      const inside = E.le(E.abs(u), 1);
      if (rho === 1) return E.select(inside, 1, 0);
      const derivative = derivativeExpression(pulledExpression(u, rho), n, omega, options.weighting);
      return E.select(inside, E.mul(derivative, gain / top), 0);
    },
    statistics,
    breakpoints,
  });
}
