// Bi-Real Net's surrogate: the slope of the piecewise parabola that joins -1 and +1.
import { defineSurrogate, E, type SurrogateGradient } from '@bitgrad/core';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    'approx-sign': NoOptions;
  }
}

/**
 * B(x) = max(0, 2 - 2|x|). B(0) = 2, B(+-1) = 0.
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278, the derivative of ApproxSign
 */
export function approxSignSurrogate(options?: NoOptions): SurrogateGradient {
  return defineSurrogate({
    name: 'approx-sign',
    options: resolve('surrogate "approx-sign"', none, options),
    formula: (x) => (x <= -1 || x >= 1 ? 0 : x < 0 ? 2 + 2 * x : 2 - 2 * x),
    expression: () => E.max(E.sub(2, E.mul(E.abs(E.input('x')), 2)), 0),
    breakpoints: () => [-1, 0, 1],
  });
}
