// The derivative of tanh, the smooth proxy of sign.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';
import { sechSquared } from './bell.js';

/** Options of the tanh surrogate. */
export interface TanhOptions {
  /** s, above 0: larger is closer to sign. Default 1. */
  readonly steepness?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    tanh: TanhOptions;
  }
}

const schema = v.strictObject({
  steepness: told(positive, 1, 'larger is closer to sign'),
});

/**
 * B(x) = s (1 - tanh(s x)^2): B(0) = s, 0 at the infinities.
 * A schedule may give `steepness`, which then replaces the option.
 * @throws BitgradError `invalid-option` unless steepness is a finite number above 0
 */
export function tanhSurrogate(options?: TanhOptions): SurrogateGradient {
  const resolved = resolve('surrogate "tanh"', schema, options);
  return defineSurrogate({
    name: 'tanh',
    options: resolved,
    formula: (x, { steepness: s = resolved.steepness }) => s * (1 - Math.tanh(s * x) ** 2),
    expression: ({ steepness: s = resolved.steepness }) => E.mul(sechSquared(E.mul(E.input('x'), s)), s),
  });
}
