// Ternary weights: -1, 0, +1 by a threshold relative to the channel's mean magnitude.
import * as tf from '@tensorflow/tfjs-core';
import { defineForward, E, type ForwardQuantizer, type QuantizeContext, told } from '@bitgrad/core';
import * as v from 'valibot';
import { channelMean, channelSum } from '../channels.js';
import { positive, resolve } from '../options.js';

/** Options of the ternary forward. */
export interface TernaryOptions {
  /** Threshold in units of the channel's mean |w|, above 0. Default 0.7. */
  readonly threshold?: number;
  /** Multiply by the mean |w| of the entries that are not 0. Default true, as in the paper. */
  readonly scaled?: boolean;
}

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    ternary: TernaryOptions;
  }
}

const schema = v.strictObject({
  threshold: told(positive, 0.7, "threshold in units of the channel's mean |w|"),
  scaled: told(v.boolean(), true, 'multiply by the mean |w| of the entries that are not 0'),
});

/**
 * F(w) = +1 for w > delta, -1 for w < -delta, else 0 (F(+-delta) = 0), with delta = threshold * mean|w| per channel;
 * times alpha = mean |w| of the channel's entries beyond delta (0 when there is none).
 * `formula` reads delta as `scalars.delta`; its default is the threshold itself, that is a mean |w| of 1.
 * @throws BitgradError `invalid-option` unless threshold is a finite number above 0
 * @see Li et al., Ternary Weight Networks, arXiv 1605.04711, eq. 3-6
 */
export function ternaryForward(options?: TernaryOptions): ForwardQuantizer {
  const resolved = resolve('forward "ternary"', schema, options);
  const { threshold, scaled } = resolved;
  const delta = (x: tf.Tensor, context: QuantizeContext) =>
    tf.tidy(() => tf.mul(channelMean(tf.abs(x), context), threshold));
  return defineForward({
    name: 'ternary',
    options: resolved,
    alphabet: 'ternary',
    levels: [-1, 0, 1],
    soft: false,
    formula: (x, { delta: d = threshold }) => (x > d ? 1 : x < -d ? -1 : 0),
    expression() {
      const [x, d] = [E.input('x'), E.input('delta')];
      return E.sub(E.gt(x, d), E.lt(x, E.neg(d)));
    },
    statistics: (x, context) => ({ delta: delta(x, context) }),
    ...(scaled && {
      scale: (x: tf.Tensor, context: QuantizeContext) => keptMean(x, delta(x, context), context),
    }),
    jumps: ({ delta: d = threshold }) => [
      { at: -d, from: -1, to: 0 },
      { at: d, from: 0, to: 1 },
    ],
  });
}

const keptMean = (x: tf.Tensor, delta: tf.Tensor, context: QuantizeContext): tf.Tensor => {
  const magnitude = tf.abs(x);
  const kept = tf.cast(tf.greater(magnitude, delta), 'float32');
  const count = tf.maximum(channelSum(kept, context), 1);
  return tf.div(channelSum(tf.mul(magnitude, kept), context), count);
};
