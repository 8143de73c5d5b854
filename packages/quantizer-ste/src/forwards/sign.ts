// The forward of binary networks: the one sign rule of bitgrad.
import { defineSignForward, type ForwardQuantizer } from '@bitgrad/core';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    sign: NoOptions;
  }
}

/**
 * F(x) = +1 for x >= 0 (and -0), else -1.
 * @throws BitgradError `invalid-option` for any option
 * @see Hubara et al., Binarized Neural Networks, arXiv 1602.02830, eq. 1
 */
export const signForward = (options?: NoOptions): ForwardQuantizer =>
  defineSignForward({ name: 'sign', options: resolve('forward "sign"', none, options) });
