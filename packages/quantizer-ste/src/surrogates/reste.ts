// ReSTE: the derivative of a power function, from the identity (o = 1) towards sign.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';

/** Options of the ReSTE surrogate. */
export interface ResteSurrogateOptions {
  /** o, the inverse exponent, when no schedule gives it; at least 1. Default 1: the clipped identity. */
  readonly o?: number;
  /** Beyond this magnitude the gradient is cancelled; above m. Default 1.5. */
  readonly t?: number;
  /** Up to this magnitude the unbounded slope is replaced by a finite difference; above 0. Default 0.1. */
  readonly m?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    reste: ResteSurrogateOptions;
  }
}

const schema = v.pipe(
  v.strictObject({
    o: told(
      v.pipe(v.number(), v.finite(), v.minValue(1)),
      1,
      'inverse exponent o where no schedule gives it',
    ),
    t: told(positive, 1.5, 'beyond this magnitude the gradient is cancelled; above m'),
    m: told(positive, 0.1, 'up to this magnitude the slope is a finite difference'),
  }),
  v.forward(
    v.check(({ t, m }) => t > m, 't above m'),
    ['t'],
  ),
);

/**
 * The slope of f(x) = sign(x) |x|^(1/o), made bounded: B(x) = |x|^((1-o)/o) / o for m < |x| <= t, f(m)/m for
 * |x| <= m (B(0) and B(+-m) included), 0 for |x| > t (B(+-t) is not 0).
 * @throws BitgradError `invalid-option` unless o >= 1 and t > m > 0
 * @see Wu et al., ReSTE, arXiv 2308.06689; m and t as in the authors' code
 */
export function resteSurrogate(options?: ResteSurrogateOptions): SurrogateGradient {
  const resolved = resolve('surrogate "reste"', schema, options);
  const { t, m } = resolved;
  return defineSurrogate({
    name: 'reste',
    options: resolved,
    formula(x, { o = resolved.o }) {
      const a = Math.abs(x);
      if (a > t) return 0;
      return a <= m ? Math.pow(m, 1 / o) / m : Math.pow(a, (1 - o) / o) / o;
    },
    expression({ o = resolved.o }) {
      const a = E.abs(E.input('x'));
      // The magnitude is kept in [m, t] so that the logarithm is finite for every x.
      const power = E.mul(E.exp(E.mul(E.log(E.clip(a, m, t)), (1 - o) / o)), 1 / o);
      return E.select(E.gt(a, t), 0, E.select(E.le(a, m), Math.pow(m, 1 / o) / m, power));
    },
    breakpoints: () => [-t, -m, m, t],
  });
}
