// IR-Net's error decay estimator: from nearly the identity to nearly the derivative of sign.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';
import { sechSquared } from './bell.js';

/** Options of the EDE surrogate. */
export interface EdeSurrogateOptions {
  /** t when no schedule gives it, above 0. Default 1. */
  readonly t?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    ede: EdeSurrogateOptions;
  }
}

const schema = v.strictObject({
  t: told(positive, 1, 'steepness t where no schedule gives it'),
});

/**
 * B(x) = k t (1 - tanh(t x)^2) with k = max(1/t, 1): B(0) = max(1, t), 0 at the infinities.
 * The schedule of the quantizers `ede` and `libra` gives `t` and `k`.
 * @throws BitgradError `invalid-option` unless t is a finite number above 0
 * @see Qin et al., IR-Net, arXiv 1909.10788, eq. 13-16
 */
export function edeSurrogate(options?: EdeSurrogateOptions): SurrogateGradient {
  const resolved = resolve('surrogate "ede"', schema, options);
  return defineSurrogate({
    name: 'ede',
    options: resolved,
    formula: (x, { t = resolved.t, k = Math.max(1 / t, 1) }) => k * t * (1 - Math.tanh(t * x) ** 2),
    expression: ({ t = resolved.t, k = Math.max(1 / t, 1) }) =>
      E.mul(sechSquared(E.mul(E.input('x'), t)), k * t),
  });
}
