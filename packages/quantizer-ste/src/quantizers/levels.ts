// Quantizers with other levels or thresholds: heaviside, DoReFa and ReActNet's learned sign.
import { defineQuantizer, type Quantizer, told } from '@bitgrad/core';
import * as v from 'valibot';
import { dorefaForward, dorefaSchema, type DorefaOptions } from '../forwards/dorefa.js';
import { heavisideForward } from '../forwards/heaviside.js';
import { rsignForward, thresholdSpec } from '../forwards/rsign.js';
import { resolve } from '../options.js';
import { approxSignSurrogate } from '../surrogates/approx-sign.js';
import { clippedIdentitySurrogate, type ClippedIdentityOptions } from '../surrogates/clipped-identity.js';
import { dorefaSurrogate } from '../surrogates/dorefa.js';
import { flatForward } from './shaped.js';

/** Options of {@link rsign}. */
export interface RsignOptions {
  /** The threshold before training, any finite number. Default 0. */
  readonly initial?: number;
}

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    heaviside: ClippedIdentityOptions;
    dorefa: DorefaOptions;
    rsign: RsignOptions;
  }
}

/**
 * {0, 1} activations: F = 1 for x >= 0, else 0; B = 1 on [-clip, clip], else 0.
 * @throws BitgradError `invalid-option` unless clip is a finite number above 0
 */
export function heaviside(options?: ClippedIdentityOptions): Quantizer {
  const surrogate = clippedIdentitySurrogate(options);
  return defineQuantizer({
    name: 'heaviside',
    options: surrogate.options,
    description: '0 or 1 by the sign, gradient passed where |x| <= clip',
    forward: heavisideForward(),
    surrogate,
    certificate: {
      holds: true,
      reason: 'B is 1 where F jumps, and constant on each piece where it is not 0.',
    },
  });
}

/**
 * DoReFa's k-bit quantizer of activations (inputs only) or weights (kernels only).
 * @throws BitgradError `invalid-option` unless bits is a whole number from 1 to 8
 * @see Zhou et al., DoReFa-Net, arXiv 1606.06160
 */
export function dorefa(options?: DorefaOptions): Quantizer {
  const resolved = resolve('quantizer "dorefa"', dorefaSchema, options);
  const { target } = resolved;
  return defineQuantizer({
    name: 'dorefa',
    options: resolved,
    description: 'k-bit weights or activations (DoReFa-Net, arXiv 1606.06160)',
    forward: dorefaForward(resolved),
    surrogate: dorefaSurrogate({ target }),
    capabilities: { roles: [target === 'weights' ? 'kernel' : 'input'] },
    certificate: {
      holds: true,
      reason: 'F is a staircase that rises, and B is constant on the interval that holds all of its jumps.',
    },
  });
}

const rsignSchema = v.strictObject({
  initial: told(v.pipe(v.number(), v.finite()), 0, 'the learned threshold before training'),
});

/**
 * ReActNet's RSign: F = sign(x - threshold) with a learned threshold per channel, B = max(0, 2 - 2|x - threshold|).
 * The layer owns the threshold; at compile time it becomes part of the deployed threshold.
 * @throws BitgradError `invalid-option` unless initial is a finite number
 * @see Liu et al., ReActNet, arXiv 2003.03488, eq. 4
 */
export function rsign(options?: RsignOptions): Quantizer {
  const resolved = resolve('quantizer "rsign"', rsignSchema, options);
  return defineQuantizer({
    name: 'rsign',
    options: resolved,
    description: 'sign with a learned threshold per channel (ReActNet, arXiv 2003.03488)',
    forward: rsignForward(),
    surrogate: approxSignSurrogate(),
    parameters: (site) => [thresholdSpec(site, resolved.initial)],
    certificate: flatForward,
  });
}
