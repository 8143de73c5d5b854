// The straight-through estimator of hard tanh: the gradient passes inside the clip and is cancelled outside.
import { defineSurrogate, E, type SurrogateGradient } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';

/** Options of the clipped identity. */
export interface ClippedIdentityOptions {
  /** Half width of the interval where the gradient passes, above 0. Default 1. */
  readonly clip?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    'clipped-identity': ClippedIdentityOptions;
  }
}

/** Half width of where a gradient passes. */
export const clip = v.pipe(
  positive,
  v.description('half width of the interval in which the gradient passes'),
);

const schema = v.strictObject({ clip: v.optional(clip, 1) });

/**
 * B(x) = 1 for |x| <= clip, else 0. Both ends belong to the interval: B(+-clip) = 1.
 * @throws BitgradError `invalid-option` unless clip is a finite number above 0
 * @see Hubara et al., Binarized Neural Networks, arXiv 1602.02830, eq. 4
 */
export function clippedIdentitySurrogate(options?: ClippedIdentityOptions): SurrogateGradient {
  const resolved = resolve('surrogate "clipped-identity"', schema, options);
  const { clip } = resolved;
  return defineSurrogate({
    name: 'clipped-identity',
    options: resolved,
    formula: (x) => (x >= -clip && x <= clip ? 1 : 0),
    expression: () => E.le(E.abs(E.input('x')), clip),
    breakpoints: () => [-clip, clip],
  });
}
