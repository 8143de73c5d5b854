// What every architecture takes. Options of its own stand in the architecture's file.
import { option, type OptionRules, type QuantizerSpec } from '@bitgrad/core';
import type { ConstraintSpec } from '@bitgrad/layers';

/** Options of every architecture. */
export interface CommonOptions {
  /** Height, width and channels, such as [28, 28, 1]. */
  inputShape: readonly [number, number, number];
  /** Number of classes: the length of the logits. */
  classes: number;
  /** Quantizer of the weights; null for float weights (a float baseline). */
  kernelQuantizer: QuantizerSpec | null;
  /** Quantizer of the activations; default: the kernel quantizer. */
  inputQuantizer?: QuantizerSpec | null;
  /** Decides every initial value; default 0. The same seed gives the same weights. */
  seed?: number;
  /** Multiplies the number of channels or units of every hidden layer; default 1. */
  width?: number;
  /** Quantizer of the first layer's weights; the default depends on the model. */
  firstKernelQuantizer?: QuantizerSpec | null;
  /** Quantizer of the model's input; default: the input quantizer for the MLPs, none elsewhere. */
  firstInputQuantizer?: QuantizerSpec | null;
  /** Quantizer of the last layer's weights; null: a float layer with bias. The default depends on the model. */
  lastKernelQuantizer?: QuantizerSpec | null;
  /** Constraint of the quantized kernels; default 'weightClip'. */
  kernelConstraint?: ConstraintSpec;
  /**
   * How kernels begin, depthwise ones aside: `glorot` (default), U(+-sqrt(6 / (fan-in + fan-out))), or `fan-in`,
   * U(+-1 / sqrt(fan-in)), as PyTorch's layers. By SGD latent kernels keep the scale that they begin with for long.
   */
  initializer?: 'glorot' | 'fan-in';
  /** Momentum of the moving averages of batch normalization; default 0.9. */
  batchNormMomentum?: number;
  /** Of each channel of the input: a layer that does not train subtracts `mean` and divides by `std`. Default none. */
  standardize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Rules of {@link CommonOptions}. */
export const commonRules: OptionRules<CommonOptions> = {
  inputShape: option.required(
    option.of(
      'three positive integers [height, width, channels]',
      (v) => Array.isArray(v) && v.length === 3 && v.every((n) => option.integer(1).allows(n)),
    ),
  ),
  classes: option.required(option.integer(1)),
  kernelQuantizer: option.required(
    option.of(
      "a quantizer's name, config or object, or null for float weights",
      (v) => v === null || ['string', 'object'].includes(typeof v),
    ),
  ),
  inputQuantizer: option.any,
  seed: option.integer(),
  width: option.positive,
  firstKernelQuantizer: option.any,
  firstInputQuantizer: option.any,
  lastKernelQuantizer: option.any,
  kernelConstraint: option.any,
  initializer: option.oneOf('glorot', 'fan-in'),
  batchNormMomentum: option.number(0, 1),
  standardize: option.inside({
    mean: option.required(option.list(option.number(), 1)),
    std: option.required(option.list(option.positive, 1)),
  }),
};

/** Options of architectures with binary convolutions. */
export interface ConvolutionOptions {
  /** What binary convolutions pad with: 0 (default) or 1. */
  padValues?: 0 | 1;
}

/** Rules of {@link ConvolutionOptions}. */
export const convolutionRules: OptionRules<ConvolutionOptions> = { padValues: option.oneOf(0, 1) };
