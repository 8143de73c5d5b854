// sign times the mean magnitude of each output channel: one formula that two papers use.
import * as tf from '@tensorflow/tfjs-core';
import { defineSignForward, type ForwardQuantizer, type QuantizeContext } from '@bitgrad/core';
import { channelMean, noScale } from '../channels.js';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    'scaled-sign': NoOptions;
    'magnitude-aware-sign': NoOptions;
  }
}

/** Mean |w| of each channel of a kernel, 1 for inputs. */
const meanMagnitude = (x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
  context.site.role === 'kernel' ? channelMean(tf.abs(x), context) : noScale();

const scaled = (name: string, options: NoOptions | undefined): ForwardQuantizer =>
  defineSignForward({
    name,
    options: resolve(`forward "${name}"`, none, options),
    scale: meanMagnitude,
  });

/**
 * alpha sign(w) with alpha = mean |w| over all but the channel axes; F(0) = F(-0) = +alpha. Inputs are not scaled:
 * the paper's K for inputs is left out, as its authors do in their fastest variant. Backward alpha is a constant;
 * the surrogate `xnor` adds what the paper's gradient of alpha contributes.
 * @throws BitgradError `invalid-option` for any option
 * @see Rastegari et al., XNOR-Net, arXiv 1603.05279, eq. 6
 */
export const scaledSignForward = (options?: NoOptions): ForwardQuantizer => scaled('scaled-sign', options);

/**
 * (||w||_1 / n) sign(w) per output channel, with a gradient that is scaled in the same way; inputs are not scaled.
 * The values are those of `scaled-sign`. The paper drops the magnitude at inference and re-estimates BatchNorm;
 * here it is kept, and the compiler folds it into BatchNorm.
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278, section 3.3
 */
export const magnitudeAwareSignForward = (options?: NoOptions): ForwardQuantizer =>
  scaled('magnitude-aware-sign', options);
