// sign with the two classic straight-through estimators.
import {
  defineQuantizer,
  kernelScaleEntries,
  scaledSignPair,
  type KernelScaleOptions,
  type Quantizer,
} from '@bitgrad/core';
import * as v from 'valibot';
import { signForward } from '../forwards/sign.js';
import { none, resolve, type NoOptions } from '../options.js';
import {
  clip,
  clippedIdentitySurrogate,
  type ClippedIdentityOptions,
} from '../surrogates/clipped-identity.js';
import { identitySurrogate } from '../surrogates/identity.js';

/** Options of {@link ste}. */
export type SteOptions = ClippedIdentityOptions & KernelScaleOptions;

const schema = v.strictObject({ clip: v.optional(clip, 1), ...kernelScaleEntries });

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    ste: SteOptions;
    'ste-identity': NoOptions;
  }
}

/**
 * The default of binary networks: F = sign, B = 1 on [-clip, clip], else 0; kernels may be scaled, as DoReFa's 1-bit
 * weights are (arXiv 1606.06160, eq. 7: one scale a layer).
 * @throws BitgradError `invalid-option` unless clip is a finite number above 0
 * @see Hubara et al., Binarized Neural Networks, arXiv 1602.02830
 */
export function ste(options?: SteOptions): Quantizer {
  const resolved = resolve('quantizer "ste"', schema, options);
  return defineQuantizer({
    name: 'ste',
    options: resolved,
    description:
      'sign forward, gradient passed where |x| <= clip (Binarized Neural Networks, arXiv 1602.02830)',
    ...scaledSignPair(resolved, clippedIdentitySurrogate({ clip: resolved.clip })),
    certificate: {
      holds: true,
      reason: 'B is 1 where F jumps and constant on each piece where it is not 0: P = sign inside the clip.',
    },
  });
}

/**
 * BinaryConnect's estimator: F = sign, B = 1. Latent weights need a clip or they drift without effect.
 * @throws BitgradError `invalid-option` for any option
 * @see Courbariaux et al., BinaryConnect, arXiv 1511.00363
 */
export function steIdentity(options?: NoOptions): Quantizer {
  return defineQuantizer({
    name: 'ste-identity',
    options: resolve('quantizer "ste-identity"', none, options),
    description: 'sign forward, gradient passed everywhere (BinaryConnect, arXiv 1511.00363)',
    forward: signForward(),
    surrogate: identitySurrogate(),
    certificate: { holds: true, reason: 'B = 1: P = sign and T is the identity.' },
  });
}
