// Weight-scaling methods: XNOR-Net, Bi-Real Net and ternary weights.
import { defineQuantizer, type Quantizer } from '@bitgrad/core';
import { magnitudeAwareSignForward, scaledSignForward } from '../forwards/scaled-sign.js';
import { ternaryForward, type TernaryOptions } from '../forwards/ternary.js';
import { none, resolve, type NoOptions } from '../options.js';
import { birealSurrogate } from '../surrogates/bireal.js';
import { identitySurrogate } from '../surrogates/identity.js';
import { xnorSurrogate } from '../surrogates/xnor.js';

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    xnor: NoOptions;
    bireal: NoOptions;
    ternary: TernaryOptions;
  }
}

/**
 * XNOR-Net: kernels are alpha sign(w) with alpha = mean |w| per output channel, with the gradient
 * dy (1/n + alpha 1(|w| <= 1)); inputs are sign with the clipped identity.
 * @throws BitgradError `invalid-option` for any option
 * @see Rastegari et al., XNOR-Net, arXiv 1603.05279
 */
export const xnor = (options?: NoOptions): Quantizer =>
  defineQuantizer({
    name: 'xnor',
    options: resolve('quantizer "xnor"', none, options),
    description: 'sign times mean |w| per output channel (XNOR-Net, arXiv 1603.05279)',
    forward: scaledSignForward(),
    surrogate: xnorSurrogate(),
    certificate: {
      holds: false,
      reason:
        'for kernels B is 1 + r inside and r outside of |w| = 1, where F is flat; r = 0 (inputs) is sound.',
    },
  });

/**
 * Bi-Real Net: kernels are (||w||_1 / n) sign(w) per output channel with B = 1 for |w| <= 1, inputs sign with
 * B = max(0, 2 - 2|x|). The scale multiplies the gradient of kernels too, as in the paper's equation; its official code
 * leaves it out there.
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278
 */
export const bireal = (options?: NoOptions): Quantizer =>
  defineQuantizer({
    name: 'bireal',
    options: resolve('quantizer "bireal"', none, options),
    description:
      'magnitude-aware sign with a clipped gradient, ApproxSign on inputs (Bi-Real Net, arXiv 1808.00278)',
    forward: magnitudeAwareSignForward(),
    surrogate: birealSurrogate(),
    certificate: {
      holds: false,
      reason: 'for inputs sign is flat beside 0 where B varies; for kernels (B = 1 on |w| <= 1) it is sound.',
    },
  });

/**
 * Ternary Weight Networks: kernels of -1, 0, +1 times a scale per channel; B = 1. For kernels only: the threshold
 * is a statistic of the whole tensor, which a batch of inputs does not have at inference.
 * @throws BitgradError `invalid-option` unless threshold is a finite number above 0
 * @see Li et al., Ternary Weight Networks, arXiv 1605.04711
 */
export function ternary(options?: TernaryOptions): Quantizer {
  const forward = ternaryForward(options);
  return defineQuantizer({
    name: 'ternary',
    options: forward.options,
    description: '-1, 0, +1 weights with a scale per channel (Ternary Weight Networks, arXiv 1605.04711)',
    forward,
    surrogate: identitySurrogate(),
    capabilities: { roles: ['kernel'] },
    certificate: {
      holds: true,
      reason: 'B = 1 and F is a staircase that rises: P = F, for a given threshold.',
    },
  });
}
