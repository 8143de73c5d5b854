// Statistics per channel of a quantizer's site.
import * as tf from '@tensorflow/tfjs-core';
import type { QuantizeContext } from '@bitgrad/core';

const channelSet = (rank: number, context: QuantizeContext): Set<number> =>
  new Set(context.site.channelAxes.map((axis) => (axis < 0 ? rank + axis : axis)));

/** The axes of x that are not channel axes. */
const otherAxes = (x: tf.Tensor, context: QuantizeContext): number[] => {
  const channels = channelSet(x.rank, context);
  return x.shape.map((_, axis) => axis).filter((axis) => !channels.has(axis));
};

/** Mean over all but the channel axes, with these kept at size 1: broadcasts against x. */
export const channelMean = (x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
  tf.mean(x, otherAxes(x, context), true);

/** Sum over all but the channel axes, with these kept at size 1. */
export const channelSum = (x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
  tf.sum(x, otherAxes(x, context), true);

/** The sizes of the channel axes: the shape of a learned tensor with one entry a channel. */
export const channelShape = (site: QuantizeContext['site']): number[] =>
  [...site.channelAxes].sort((a, b) => a - b).map((axis) => site.shape.at(axis) ?? 1);

/** A tensor of {@link channelShape} with the other axes of x put back at size 1. */
export function spreadChannels(parameter: tf.Tensor, x: tf.Tensor, context: QuantizeContext): tf.Tensor {
  const channels = channelSet(x.rank, context);
  return tf.reshape(
    parameter,
    x.shape.map((size, axis) => (channels.has(axis) ? size : 1)),
  );
}
