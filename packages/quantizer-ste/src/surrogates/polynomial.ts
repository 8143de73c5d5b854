// A bump that is a polynomial: the derivative of the smoothstep that joins -1 and +1.
import { defineSurrogate, E, type Expression, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';

/** Options of the polynomial surrogate. */
export interface PolynomialOptions {
  /** p, a whole number from 1 to 8: how flat the ends are. Default 1. */
  readonly order?: number;
  /** Half width of the bump, above 0. Default 1. */
  readonly width?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    polynomial: PolynomialOptions;
  }
}

const schema = v.strictObject({
  order: told(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8)),
    1,
    'how flat the ends of the bump are',
  ),
  width: told(positive, 1, 'half width of the bump'),
});

/** Integral of (1 - x^2)^p over [-1, 1]: the product of 2i / (2i + 1), doubled. */
const bumpArea = (p: number): number => (p === 0 ? 2 : (bumpArea(p - 1) * 2 * p) / (2 * p + 1));

/**
 * B(x) = c (1 - (x/width)^2)^order for |x| < width, else 0; c makes the integral 2, the height of sign's jump:
 * c = 3/2 (order 1: slope of smoothstep), 15/8 (order 2), ... over width. B(+-width) = 0.
 * Not from one paper: the polynomial family of smooth surrogates, with the area of sign.
 * @throws BitgradError `invalid-option` unless order is a whole number from 1 to 8 and width is above 0
 */
export function polynomialSurrogate(options?: PolynomialOptions): SurrogateGradient {
  const resolved = resolve('surrogate "polynomial"', schema, options);
  const { order, width } = resolved;
  return defineSurrogate({
    name: 'polynomial',
    options: resolved,
    formula(x) {
      if (!(Math.abs(x) < width)) return 0;
      // c = (3/2)(5/4)(7/6)... / width
      let c = 1 / width;
      for (let i = 1; i <= order; i++) c *= (2 * i + 1) / (2 * i);
      return c * Math.pow(1 - (x / width) ** 2, order);
    },
    expression() {
      // (1 - r)(1 + r) keeps the digits that 1 - r^2 loses near the ends.
      const r = E.min(E.mul(E.abs(E.input('x')), 1 / width), 1);
      const base = E.mul(E.sub(1, r), E.add(1, r));
      let power: Expression = base;
      for (let i = 1; i < order; i++) power = E.mul(power, base);
      return E.mul(power, 2 / (bumpArea(order) * width));
    },
    breakpoints: () => [-width, width],
  });
}
