// sign with the surrogates that have a shape: constant over training.
import { defineQuantizer, type Quantizer } from '@bitgrad/core';
import { signForward } from '../forwards/sign.js';
import { none, resolve, type NoOptions } from '../options.js';
import { approxSignSurrogate } from '../surrogates/approx-sign.js';
import { polynomialSurrogate, type PolynomialOptions } from '../surrogates/polynomial.js';
import { signSwishSurrogate, type SignSwishOptions } from '../surrogates/sign-swish.js';
import { tanhSurrogate, type TanhOptions } from '../surrogates/tanh.js';
import { triangleSurrogate, type TriangleOptions } from '../surrogates/triangle.js';

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    'approx-sign': NoOptions;
    'sign-swish': SignSwishOptions;
    tanh: TanhOptions;
    poly: PolynomialOptions;
    triangle: TriangleOptions;
  }
}

/** Why no bump-shaped B is sound with sign: the third condition of arXiv 2402.17710. */
export const flatForward = {
  holds: false,
  reason: 'sign is flat beside 0 where B varies, so no proximal map has this pair.',
} as const;

/**
 * Bi-Real Net's activations: F = sign, B = max(0, 2 - 2|x|).
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278
 */
export const approxSign = (options?: NoOptions): Quantizer =>
  defineQuantizer({
    name: 'approx-sign',
    options: resolve('quantizer "approx-sign"', none, options),
    description: 'sign forward, gradient max(0, 2 - 2|x|) (Bi-Real Net, arXiv 1808.00278)',
    forward: signForward(),
    surrogate: approxSignSurrogate(),
    certificate: flatForward,
  });

/**
 * F = sign, B = the derivative of SignSwish with a constant steepness: BNN+ without its regularizer and scale.
 * @throws BitgradError `invalid-option` unless steepness is a finite number above 0
 * @see Darabi et al., BNN+, arXiv 1812.11800
 */
export function signSwish(options?: SignSwishOptions): Quantizer {
  const surrogate = signSwishSurrogate(options);
  return defineQuantizer({
    name: 'sign-swish',
    options: surrogate.options,
    description: 'sign forward, derivative of SignSwish backward (BNN+, arXiv 1812.11800)',
    forward: signForward(),
    surrogate,
    certificate: flatForward,
  });
}

/**
 * F = sign, B = the derivative of tanh(s x), with a constant s.
 * @throws BitgradError `invalid-option` unless steepness is a finite number above 0
 */
export function tanh(options?: TanhOptions): Quantizer {
  const surrogate = tanhSurrogate(options);
  return defineQuantizer({
    name: 'tanh',
    options: surrogate.options,
    description: 'sign forward, derivative of tanh backward',
    forward: signForward(),
    surrogate,
    certificate: flatForward,
  });
}

/**
 * F = sign, B = a polynomial bump with the area of sign's jump.
 * @throws BitgradError `invalid-option` unless order is a whole number from 1 to 8 and width is above 0
 */
export function poly(options?: PolynomialOptions): Quantizer {
  const surrogate = polynomialSurrogate(options);
  return defineQuantizer({
    name: 'poly',
    options: surrogate.options,
    description: 'sign forward, polynomial bump (1 - x^2)^p backward',
    forward: signForward(),
    surrogate,
    certificate: flatForward,
  });
}

/**
 * F = sign, B = a triangle.
 * @throws BitgradError `invalid-option` unless width and height are finite numbers above 0
 * @see Esser et al., arXiv 1603.08270
 */
export function triangle(options?: TriangleOptions): Quantizer {
  const surrogate = triangleSurrogate(options);
  return defineQuantizer({
    name: 'triangle',
    options: surrogate.options,
    description: 'sign forward, triangular gradient backward (Esser et al., arXiv 1603.08270)',
    forward: signForward(),
    surrogate,
    certificate: flatForward,
  });
}
