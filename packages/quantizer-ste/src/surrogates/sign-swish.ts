// BNN+'s surrogate: the derivative of SignSwish, negative in its tails.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';
import { magnitude, tail } from './bell.js';

/** Options of the SignSwish surrogate. */
export interface SignSwishOptions {
  /** b, above 0: larger is closer to sign. Default 5, as in the paper. */
  readonly steepness?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    'sign-swish': SignSwishOptions;
  }
}

const schema = v.strictObject({
  steepness: told(positive, 5, 'larger is closer to sign'),
});

/**
 * B(x) = b (2 - b x tanh(b x / 2)) / (1 + cosh(b x)): B(0) = b, below 0 for |b x| > 2.3994, 0 at the infinities.
 * A schedule may give `steepness`, which then replaces the option.
 * @throws BitgradError `invalid-option` unless steepness is a finite number above 0
 * @see Darabi et al., BNN+, arXiv 1812.11800
 */
export function signSwishSurrogate(options?: SignSwishOptions): SurrogateGradient {
  const resolved = resolve('surrogate "sign-swish"', schema, options);
  return defineSurrogate({
    name: 'sign-swish',
    options: resolved,
    formula(x, { steepness: b = resolved.steepness }) {
      const cosh = Math.cosh(b * x);
      return cosh === Infinity ? 0 : (b * (2 - b * x * Math.tanh((b * x) / 2))) / (1 + cosh);
    },
    expression({ steepness: b = resolved.steepness }) {
      // 1 / (1 + cosh u) = 2 q (1 - q) and tanh(|u| / 2) = 1 - 2 q, with q = sigmoid(-|u|).
      const u = magnitude(E.mul(E.input('x'), b));
      const q = tail(u);
      const slope = E.sub(2, E.mul(u, E.sub(1, E.mul(q, 2))));
      return E.mul(E.mul(slope, E.mul(q, E.sub(1, q))), 2 * b);
    },
  });
}
