// The mean magnitude of a kernel as the scale of its signs: one for a layer or one for each channel, with or without it in
// the gradient. Every quantizer whose forward is sign can have these options.
import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkValue, E, option, type OptionRules } from '@bitgrad/bits';
import * as v from 'valibot';
import type { QuantizeContext } from './contracts/context.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type { SurrogateGradient } from './contracts/surrogate.js';
import { defineSurrogate } from './define.js';
import { expectContext, expectKind } from './expect.js';
import { expectTensor } from './ops/expect-tensor.js';
import { defineSignForward } from './sign-forward.js';
import { told } from './option-info.js';

/** Which weights share a scale: all of a layer, or those of an output channel. */
export type KernelScale = 'layer' | 'channel';

/** Options of quantizers whose kernels may be signs times a scale. */
export interface KernelScaleOptions {
  /** Kernels are sign(w) times mean |w| of the layer or of each output channel; 'none' (default): signs alone. */
  readonly scale?: KernelScale | 'none';
  /** The gradient of a kernel carries its scale (default); false: the latent weights see B alone. */
  readonly scaledGradient?: boolean;
}

/** Entries of {@link KernelScaleOptions} for the schema of a member. */
export const kernelScaleEntries = {
  scale: told(
    v.picklist(['none', 'layer', 'channel']),
    'none',
    'kernels are signs times mean |w| of the layer or of each output channel, or signs alone',
  ),
  scaledGradient: told(v.boolean(), true, 'the gradient of a kernel carries its scale'),
};

const rules: OptionRules<KernelScaleOptions> = {
  scale: option.oneOf('none', 'layer', 'channel'),
  scaledGradient: option.boolean,
};

/** Below it a mean magnitude counts as that of a kernel of zeros, by which nothing is divided. */
const smallest = 1e-30;

/**
 * mean |w| of a kernel, over all of it or all but its channel axes.
 * @param x float32 kernel
 * @returns float32, not negative, broadcasts against x; undefined for inputs, which have no scale
 */
export function meanMagnitude(
  x: tf.Tensor,
  context: QuantizeContext,
  per: KernelScale,
): tf.Tensor | undefined {
  expectTensor('meanMagnitude', 'x', x);
  expectContext('meanMagnitude', context);
  checkValue('core', 'per of meanMagnitude', per, option.required(option.oneOf('layer', 'channel')));
  const { site } = context;
  if (site.role !== 'kernel') return undefined;
  const channels = per === 'layer' ? [] : site.channelAxes.map((axis) => (axis < 0 ? x.rank + axis : axis));
  const axes = x.shape.map((_, axis) => axis).filter((axis) => !channels.includes(axis));
  return tf.tidy(() => tf.mean(tf.abs(x), axes, per === 'channel'));
}

/** B(x) / scale, so that a forward's scale is not in the gradient. */
const withoutScale = (surrogate: SurrogateGradient, per: KernelScale): SurrogateGradient => {
  const { expression, derivative, statistics } = surrogate;
  const scaleOf = (x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
    tf.tidy(() => tf.maximum(meanMagnitude(x, context, per) ?? 1, smallest));
  return defineSurrogate({
    ...surrogate,
    formula: (x, scalars) => surrogate.formula(x, scalars) / (scalars.kernelScale ?? 1),
    ...(expression && {
      expression: (scalars) => E.div(expression.call(surrogate, scalars), E.input('kernelScale')),
    }),
    ...(derivative && {
      derivative: (x, context) => tf.div(derivative.call(surrogate, x, context), scaleOf(x, context)),
    }),
    statistics: (x, context) => ({
      ...statistics?.call(surrogate, x, context),
      kernelScale: scaleOf(x, context),
    }),
  });
};

/**
 * The halves of a quantizer of signs with a scale of its kernels.
 * @param options others than those of {@link KernelScaleOptions} are left alone
 * @throws BitgradError `invalid-option`
 */
export function scaledSignPair(
  options: KernelScaleOptions,
  surrogate: SurrogateGradient,
): { forward: ForwardQuantizer; surrogate: SurrogateGradient } {
  const { scale = 'none', scaledGradient = true } = options ?? {};
  checkOptions('core', 'scaledSignPair', { scale, scaledGradient }, rules);
  expectKind('scaledSignPair', 'surrogate', surrogate);
  if (scale === 'none') return { forward: defineSignForward({ name: 'sign', options: {} }), surrogate };
  return {
    forward: defineSignForward({
      name: 'scaled-sign',
      options: { per: scale },
      scale: (x, context) => meanMagnitude(x, context, scale),
    }),
    surrogate: scaledGradient ? surrogate : withoutScale(surrogate, scale),
  };
}
