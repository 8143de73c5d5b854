// The scale of what is quantized, a statistic of the tensor: pairs and surrogates may count x in units of it.
import * as tf from '@tensorflow/tfjs-core';
import { E, type Expression } from '@bitgrad/core';

/** x / scale, where scale is the statistic that {@link scaleStatistic} gives. */
export const scaled = (): Expression => E.div(E.input('x'), E.input('scale'));

/** A mean magnitude up to this is that of a kernel of zeros, in which nothing is divided by the scale. */
export const smallest = 1e-12;

/** The scale of a kernel is `width` mean |w|; inputs follow BatchNorm and have scale 1. */
export const scaleStatistic =
  (width: number) =>
  (x: tf.Tensor, context: { site: { role: string } }): { scale: tf.Tensor } => ({
    scale:
      context.site.role === 'kernel' ? tf.maximum(tf.mul(tf.mean(tf.abs(x)), width), smallest) : tf.scalar(1),
  });
