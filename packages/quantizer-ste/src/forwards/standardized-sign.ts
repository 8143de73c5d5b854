// IR-Net's Libra parameter binarization: weights are centred and normalized before sign.
import * as tf from '@tensorflow/tfjs-core';
import { defineSignForward, detach, type ForwardQuantizer, type QuantizeContext, told } from '@bitgrad/core';
import * as v from 'valibot';
import { channelMean } from '../channels.js';
import { resolve } from '../options.js';

/** Options of the standardized sign. */
export interface StandardizedSignOptions {
  /** Multiply by the power of two nearest (in the exponent) to the mean magnitude. Default false. */
  readonly powerOfTwoScale?: boolean;
}

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    'standardized-sign': StandardizedSignOptions;
  }
}

/** The schema of {@link StandardizedSignOptions}. */
export const standardizedSignSchema = v.strictObject({
  powerOfTwoScale: told(v.boolean(), false, 'multiply by the power of two nearest to the mean magnitude'),
});

/** Added to the variance. */
const epsilon = 1e-8;
/** A channel whose variance is below this share of its mean square is constant, but for rounding. */
const constantShare = 1e-12;
/** A mean magnitude below this is 0: it has no power of two. */
const smallest = 1e-30;

/**
 * F(u) = sign(u) with u = (w - mean) / sqrt(variance + 1e-8) per channel (biased variance; mean and variance are
 * differentiated), times 2^s with s = round(log2(mean |u|)) when `powerOfTwoScale` is on: s is 0 for weights that are
 * spread like a normal distribution. Inputs are neither standardized nor scaled. A constant channel has u = 0, hence
 * F = +1, no gradient, and the scale 0.
 * @throws BitgradError `invalid-option` unless powerOfTwoScale is true or false
 * @see Qin et al., IR-Net, arXiv 1909.10788, eq. 7-10
 */
export function standardizedSignForward(options?: StandardizedSignOptions): ForwardQuantizer {
  const resolved = resolve('forward "standardized-sign"', standardizedSignSchema, options);
  return defineSignForward({
    name: 'standardized-sign',
    options: resolved,
    prepare: (x, context) => (context.site.role === 'kernel' ? standardize(x, context) : x),
    ...(resolved.powerOfTwoScale && { scale: powerOfTwo }),
  });
}

const standardize = (w: tf.Tensor, context: QuantizeContext): tf.Tensor => {
  const centred = tf.sub(w, channelMean(w, context));
  const variance = channelMean(tf.square(centred), context);
  const varies = detach(variance, (v) => {
    const rounding = tf.mul(channelMean(tf.square(w), context), constantShare);
    return tf.cast(tf.greater(v, rounding), 'float32');
  });
  return tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, epsilon))), varies);
};

const powerOfTwo = (u: tf.Tensor, context: QuantizeContext): tf.Tensor | undefined => {
  if (context.site.role !== 'kernel') return undefined;
  const mean = channelMean(tf.abs(u), context);
  const exponent = tf.round(tf.div(tf.log(tf.maximum(mean, smallest)), Math.LN2));
  return tf.where(tf.greater(mean, smallest), tf.pow(2, exponent), tf.zerosLike(mean));
};
