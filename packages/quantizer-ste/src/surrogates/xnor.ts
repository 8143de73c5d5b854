// XNOR-Net's gradient of a scaled sign: the scale depends on the weights too, which adds a small constant.
import * as tf from '@tensorflow/tfjs-core';
import { defineSurrogate, E, type SurrogateGradient } from '@bitgrad/core';
import { channelSum } from '../channels.js';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    xnor: NoOptions;
  }
}

/**
 * B(x) = 1 + r for |x| <= 1, else r, with r = 1 / sum|w| over a channel, for kernels; r = 0 for inputs.
 * Times the scale alpha = sum|w| / n of `scaled-sign` this is 1/n + alpha 1(|w| <= 1), the paper's gradient.
 * `formula` reads r as `scalars.reciprocal` (default 0). A channel of zeros has r = 0: its scale is 0 as well.
 * @throws BitgradError `invalid-option` for any option
 * @see Rastegari et al., XNOR-Net, arXiv 1603.05279, section 3.1
 */
export function xnorSurrogate(options?: NoOptions): SurrogateGradient {
  return defineSurrogate({
    name: 'xnor',
    options: resolve('surrogate "xnor"', none, options),
    formula: (x, { reciprocal = 0 }) => (x >= -1 && x <= 1 ? 1 : 0) + reciprocal,
    expression: () => E.add(E.le(E.abs(E.input('x')), 1), E.input('reciprocal')),
    statistics: (x, context) => ({ reciprocal: tf.tidy(() => reciprocalSum(x, context)) }),
    breakpoints: () => [-1, 1],
  });
}

const reciprocalSum = (x: tf.Tensor, context: Parameters<typeof channelSum>[1]): tf.Tensor => {
  if (context.site.role === 'input') return tf.scalar(0);
  const sum = channelSum(tf.abs(x), context);
  return tf.where(tf.greater(sum, 0), tf.reciprocal(tf.maximum(sum, 1e-30)), tf.zerosLike(sum));
};
