// The plain straight-through estimator: the gradient passes as if the forward were the identity.
import { defineSurrogate, E, type SurrogateGradient } from '@bitgrad/core';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    identity: NoOptions;
  }
}

/**
 * B(x) = 1 everywhere, at 0 and the infinities too.
 * @throws BitgradError `invalid-option` for any option
 * @see Bengio et al., arXiv 1308.3432; BinaryConnect, arXiv 1511.00363
 */
export function identitySurrogate(options?: NoOptions): SurrogateGradient {
  return defineSurrogate({
    name: 'identity',
    options: resolve('surrogate "identity"', none, options),
    formula: () => 1,
    expression: () => E.constant(1),
  });
}
