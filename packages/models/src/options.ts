// What every architecture takes. Options of its own stand in the architecture's file.
import { explained, option, type OptionRules, type QuantizerSpec } from '@bitgrad/core';
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

/** What {@link CommonOptions} are where they are not given. */
export const commonDefaults = {
  seed: 0,
  width: 1,
  kernelConstraint: 'weightClip',
  initializer: 'glorot',
  batchNormMomentum: 0.9,
} as const;

const quantizerWords = "a quantizer's name, config or object, or null";
// Checked where they are made, against the registry.
const quantizerRule = { ...option.any, expected: quantizerWords };
const constraintRule = { ...option.any, expected: "a constraint's name, config or object, or null" };

/** Rules of {@link CommonOptions}. */
export const commonRules: OptionRules<CommonOptions> = {
  inputShape: explained(
    option.required(
      option.of(
        'three positive integers [height, width, channels]',
        (v) => Array.isArray(v) && v.length === 3 && v.every((n) => option.integer(1).allows(n)),
      ),
    ),
    'size of an input; a run has it from its data',
  ),
  classes: explained(option.required(option.integer(1)), 'length of the logits; a run has it from its data'),
  kernelQuantizer: explained(
    option.required(
      option.of(
        `${quantizerWords} for float weights`,
        (v) => v === null || ['string', 'object'].includes(typeof v),
      ),
    ),
    'quantizer of the weights; a run has it from --quantizer',
  ),
  inputQuantizer: explained(quantizerRule, "quantizer of the activations; default the weights'"),
  seed: explained(option.integer(), 'decides every initial value', commonDefaults.seed),
  width: explained(option.positive, 'factor on the channels or units of every hidden layer', commonDefaults.width), // prettier-ignore
  firstKernelQuantizer: explained(
    quantizerRule,
    "quantizer of the first layer's weights; default the model's",
  ),
  firstInputQuantizer: explained(quantizerRule, "quantizer of the model's input; default none, of the MLPs that of the activations"), // prettier-ignore
  lastKernelQuantizer: explained(quantizerRule, "quantizer of the last layer's weights, or null for a float layer with bias; default the model's"), // prettier-ignore
  kernelConstraint: explained(constraintRule, 'constraint of the quantized kernels', commonDefaults.kernelConstraint), // prettier-ignore
  initializer: explained(option.oneOf('glorot', 'fan-in'), 'how kernels begin: U(+-sqrt(6 / (fan-in + fan-out))), or U(+-1 / sqrt(fan-in)) as in PyTorch', commonDefaults.initializer), // prettier-ignore
  batchNormMomentum: explained(option.number(0, 1), 'momentum of the moving averages of batch normalization', commonDefaults.batchNormMomentum), // prettier-ignore
  standardize: explained(
    option.inside({
      mean: explained(option.required(option.list(option.number(), 1)), 'is subtracted'),
      std: explained(option.required(option.list(option.positive, 1)), 'is divided by'),
    }),
    'of each channel of the input, by a layer that does not train; default none',
  ),
};

/** Options of architectures with binary convolutions. */
export interface ConvolutionOptions {
  /** What binary convolutions pad with: 0 (default) or 1. */
  padValues?: 0 | 1;
}

/** Rules of {@link ConvolutionOptions}. */
export const convolutionRules: OptionRules<ConvolutionOptions> = {
  padValues: explained(
    option.oneOf(0, 1),
    "what binary convolutions pad with; default the model's, mostly 0",
  ),
};
