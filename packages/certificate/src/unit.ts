// The unit in which a quantizer measures its input. Latent kernels of 0.05 never saturate at a steepness of 30, so
// levels and steepness count in units of the input's own scale: mean |w| of the layer, or 1 after BatchNorm.
import * as tf from '@tensorflow/tfjs-core';
import type { QuantizeContext, Scalars, Statistics } from '@bitgrad/core';

/**
 * What a unit follows: 'one', a constant; 'mean-abs', the mean of |x| over the tensor, detached from the gradient;
 * 'fan', the standard deviation of Glorot's initialization, sqrt(2 / (fanIn + fanOut)), which training does not move.
 */
export type UnitKind = 'one' | 'mean-abs' | 'fan';

/** Units by role: `kind` times a factor. */
export interface UnitOptions {
  /** Unit of kernels. */
  readonly kernelUnit: UnitKind;
  /** Factor on the unit of kernels, above 0. */
  readonly kernelScale: number;
  /** Unit of layer inputs. */
  readonly inputUnit: UnitKind;
  /** Factor on the unit of layer inputs, above 0. */
  readonly inputScale: number;
}

/** The unit 1 for both roles. */
export const noUnit: UnitOptions = { kernelUnit: 'one', kernelScale: 1, inputUnit: 'one', inputScale: 1 };

/** No kernel is so small that its unit is 0. */
const smallest = 1e-8;

/** Glorot's standard deviation for a kernel shape [..., in, out]; the leading axes are the receptive field. */
export function fanUnit(shape: readonly number[]): number {
  const field = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const [fanIn, fanOut] = shape.length > 1 ? [shape.at(-2)!, shape.at(-1)!] : [shape[0] ?? 1, 1];
  return Math.sqrt(2 / (field * (fanIn + fanOut)));
}

/**
 * The unit as a statistic: a scalar tensor named `scale`, an input of the expressions.
 * @param x float32 tensor that is quantized
 */
export function unitStatistic(options: UnitOptions, x: tf.Tensor, { site }: QuantizeContext): Statistics {
  const kernel = site.role === 'kernel';
  const unit = kernel ? options.kernelUnit : options.inputUnit;
  const scale = kernel ? options.kernelScale : options.inputScale;
  if (unit === 'one') return { scale: tf.scalar(scale) };
  if (unit === 'fan') return { scale: tf.scalar(scale * fanUnit(site.shape)) };
  return { scale: tf.tidy(() => tf.maximum(tf.mul(tf.mean(tf.abs(x)), scale), smallest)) };
}

/** The unit in the formulas: the statistic where it is given, else 1. */
export const unitOf = (scalars: Scalars): number => scalars.scale ?? 1;
