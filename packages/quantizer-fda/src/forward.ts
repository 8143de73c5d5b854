// The soft forward of FDA++: the Fourier series of sign itself, whose exact derivative is its backward.
import {
  binarySign,
  checkOptions,
  defineForward,
  defineSurrogate,
  E,
  option,
  type ForwardQuantizer,
  type OptionRules,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import { derivativeExpression, seriesExpression } from './closed-form.js';
import { scaled, scaleStatistic, smallest } from './scale.js';
import { seriesDerivative, seriesValue, weightings, type Weighting } from './series.js';
import { wholeN } from './surrogate.js';

/** Shape of an FDA++ pair: `reach` is a quarter period, in units of the input's scale. */
export interface PairOptions {
  readonly n: number;
  /** |x| / scale at which F is fully saturated: a quarter period. */
  readonly reach: number;
  readonly weighting: Weighting;
}

const rules: OptionRules<PairOptions> = {
  n: option.required(option.integer(0, 256)),
  reach: option.required(option.positive),
  weighting: option.required(option.oneOf(...weightings)),
};

/** @throws BitgradError `invalid-option` */
export const checkPairOptions = (owner: string, options: PairOptions): PairOptions =>
  checkOptions('quantizer-fda', owner, options, rules);

/** Angular frequency in units of the scaled input: a quarter period is `reach`. */
export const frequency = ({ reach }: PairOptions): number => Math.PI / (2 * reach);

const at = (scalars: Scalars, options: PairOptions) => ({
  n: wholeN(scalars.n, options.n),
  scale: scalars.scale ?? 1,
});

/** F(x) = f_n(x / scale), held constant beyond a quarter period, where f_n' is 0; hardened: sign. */
export function seriesForward(options: PairOptions): ForwardQuantizer {
  checkPairOptions('seriesForward', options);
  const omega = frequency(options);
  return defineForward({
    name: 'fourier-series',
    options: { ...options },
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: true,
    formula: (x, scalars) => {
      const { n, scale } = at(scalars, options);
      const u = Math.min(options.reach, Math.max(-options.reach, x / scale));
      return seriesValue(u, n, omega, options.weighting);
    },
    hardFormula: binarySign,
    expression: (scalars) => seriesExpression(scaled(), at(scalars, options).n, omega, options.weighting),
    hardExpression: () => E.sign(E.input('x')),
    statistics: scaleStatistic(1),
    breakpoints: ({ scale = 1 }) => [-options.reach * scale, options.reach * scale],
  });
}

/**
 * B(x) = f_n'(x / scale) / scale, the exact derivative of {@link seriesForward}; 0 beyond a quarter period, and in a
 * kernel of zeros, which has no scale.
 */
export function seriesSurrogate(options: PairOptions): SurrogateGradient {
  checkPairOptions('seriesSurrogate', options);
  const omega = frequency(options);
  return defineSurrogate({
    name: 'fourier-series-derivative',
    options: { ...options },
    formula: (x, scalars) => {
      const { n, scale } = at(scalars, options);
      return scale > smallest && Math.abs(x / scale) <= options.reach
        ? seriesDerivative(x / scale, n, omega, options.weighting) / scale
        : 0;
    },
    expression: (scalars) => {
      const u = scaled();
      const inside = E.mul(E.le(E.abs(u), options.reach), E.gt(E.input('scale'), smallest));
      const derivative = derivativeExpression(u, at(scalars, options).n, omega, options.weighting);
      return E.div(E.select(inside, derivative, 0), E.input('scale'));
    },
    statistics: scaleStatistic(1),
    breakpoints: ({ scale = 1 }) => [-options.reach * scale, options.reach * scale],
  });
}
