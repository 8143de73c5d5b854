// The {0, 1} relative of sign.
import { defineForward, E, type ForwardQuantizer } from '@bitgrad/core';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    heaviside: NoOptions;
  }
}

/**
 * F(x) = 1 for x >= 0 (and -0), else 0: the sign rule, as (sign(x) + 1) / 2.
 * @throws BitgradError `invalid-option` for any option
 */
export function heavisideForward(options?: NoOptions): ForwardQuantizer {
  return defineForward({
    name: 'heaviside',
    options: resolve('forward "heaviside"', none, options),
    alphabet: 'zero-one',
    levels: [0, 1],
    soft: false,
    formula: (x) => (x < 0 ? 0 : 1),
    expression: () => E.select(E.lt(E.input('x'), 0), 0, 1),
    jumps: () => [{ at: 0, from: 0, to: 1 }],
  });
}
