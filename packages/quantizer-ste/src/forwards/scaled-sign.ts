// sign times the mean magnitude of each output channel: one formula that two papers use.
import {
  defineSignForward,
  meanMagnitude,
  type ForwardQuantizer,
  type KernelScale,
  told,
} from '@bitgrad/core';
import * as v from 'valibot';
import { none, resolve, type NoOptions } from '../options.js';

/** Options of {@link scaledSignForward}. */
export interface ScaledSignOptions {
  /** One scale for each output channel (default), or one for the layer. */
  readonly per?: KernelScale;
}

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    'scaled-sign': ScaledSignOptions;
    'magnitude-aware-sign': NoOptions;
  }
}

const schema = v.strictObject({
  per: told(v.picklist(['layer', 'channel']), 'channel', 'which weights share a scale'),
});

/**
 * alpha sign(w) with alpha = mean |w| over all but the channel axes, or over the layer; F(0) = F(-0) = +alpha. Inputs are not scaled:
 * the paper's K for inputs is left out, as its authors do in their fastest variant. Backward alpha is a constant;
 * the surrogate `xnor` adds what the paper's gradient of alpha contributes.
 * @throws BitgradError `invalid-option`
 * @see Rastegari et al., XNOR-Net, arXiv 1603.05279, eq. 6; one scale a layer: FDA's official network
 */
export function scaledSignForward(options?: ScaledSignOptions): ForwardQuantizer {
  const resolved = resolve('forward "scaled-sign"', schema, options);
  const { per } = resolved;
  return defineSignForward({
    name: 'scaled-sign',
    options: resolved,
    scale: (x, context) => meanMagnitude(x, context, per),
  });
}

/**
 * (||w||_1 / n) sign(w) per output channel, with a gradient that is scaled in the same way; inputs are not scaled.
 * The values are those of `scaled-sign`. The paper drops the magnitude at inference and re-estimates BatchNorm;
 * here it is kept, and the compiler folds it into BatchNorm.
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278, section 3.3
 */
export const magnitudeAwareSignForward = (options?: NoOptions): ForwardQuantizer =>
  defineSignForward({
    name: 'magnitude-aware-sign',
    options: resolve('forward "magnitude-aware-sign"', none, options),
    scale: (x, context) => meanMagnitude(x, context, 'channel'),
  });
