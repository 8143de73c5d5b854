// What every reference architecture takes, and the pieces they are built from: named, seeded, without hidden state.
import * as tfl from '@tensorflow/tfjs-layers';
import {
  checkOptions,
  createRng,
  failureOf,
  option,
  type OptionRules,
  type QuantizerSpec,
} from '@bitgrad/core';
import { batchNorm, quantConv2d, quantDense, type ConstraintSpec } from '@bitgrad/layers';

/** Options of {@link createModel}. */
export interface ModelOptions {
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
  /** Units of the hidden layers; `mlp` only, default [64, 64, 64]. */
  hidden?: readonly number[];
  /** Quantizer of the first layer's weights; the default depends on the model. */
  firstKernelQuantizer?: QuantizerSpec | null;
  /** Quantizer of the model's input; default: the input quantizer for the MLPs, none elsewhere. */
  firstInputQuantizer?: QuantizerSpec | null;
  /** Quantizer of the last layer's weights; null: a float layer with bias. The default depends on the model. */
  lastKernelQuantizer?: QuantizerSpec | null;
  /** Constraint of the quantized kernels; default 'weightClip'. */
  kernelConstraint?: ConstraintSpec;
  /** What binary convolutions pad with: 0 (default) or 1. */
  padValues?: 0 | 1;
  /** Momentum of the moving averages of batch normalization; default 0.9. */
  batchNormMomentum?: number;
  /** Pixels of a patch's side, `vit-tiny` only; default 4: 49 tokens of 28x28, 64 of 32x32. */
  patchSize?: number;
  /** Number of blocks, `vit-tiny` only; default 4. */
  depth?: number;
  /** Attention heads, `vit-tiny` only; default 4. The width is rounded to a multiple of it. */
  heads?: number;
  /** Units of an MLP's hidden layer as a multiple of the width, `vit-tiny` only; default 2. */
  mlpRatio?: number;
  /** What the logits see, `vit-tiny` only: the mean of all tokens (default), or a class token. */
  pooling?: 'mean' | 'token';
  /**
   * What stays in float, `vit-tiny` only: 'patch', 'qkv', 'projection', 'mlp', 'logits', a block ('block1') or a layer
   * ('block1_qkv', 'block1_projection', 'block1_mlp_in', 'block1_mlp_out'); default ['patch', 'logits'].
   */
  floatLayers?: readonly string[];
}

/** A graph under construction. */
export type Node = tfl.SymbolicTensor;

/** A convolution's shape in a model. */
interface ConvShape {
  filters: number;
  kernelSize?: number;
  strides?: number;
}

/** Makes the layers of one model; see {@link builder}. */
export interface Builder {
  readonly options: ModelOptions;
  /** Quantizer of the activations. */
  readonly inputQuantizer: QuantizerSpec | null;
  /** The seed of a layer's initial values, by its name. */
  seedOf(name: string): number;
  /** A channel count times the width factor, at least 1. */
  channels(count: number): number;
  /** Convolution with quantized weights and input, 'same', no bias. */
  conv(x: Node, name: string, shape: ConvShape): Node;
  /** First convolution: the model's input, quantized only when asked for. */
  firstConv(x: Node, name: string, shape: ConvShape, kernel: QuantizerSpec | null): Node;
  /** Convolution in float, 'same', no bias. */
  floatConv(x: Node, name: string, shape: ConvShape): Node;
  /** Fully connected layer with quantized weights and input, no bias. */
  dense(x: Node, name: string, units: number, first?: boolean): Node;
  /** Fully connected layer of a hidden layer's kind, no bias; `float` leaves its weights and input as they are. */
  linear(x: Node, name: string, units: number, float: boolean): Node;
  /** Last layer, to the logits: quantized weights and input with BatchNorm after them, or float weights with bias. */
  logits(x: Node, kernel: QuantizerSpec | null): Node;
  batchNorm(x: Node, name: string): Node;
  apply(layer: tfl.layers.Layer, x: Node | Node[]): Node;
}

const quantizer = option.any;
const named = ['patchSize', 'depth', 'heads', 'mlpRatio', 'pooling', 'floatLayers'] as const;

/** Rules of every option; see {@link optionsOf} for those that a model has. */
const rules: OptionRules<ModelOptions> = {
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
  inputQuantizer: quantizer,
  seed: option.integer(),
  width: option.positive,
  hidden: option.list(option.integer(1), 1),
  firstKernelQuantizer: quantizer,
  firstInputQuantizer: quantizer,
  lastKernelQuantizer: quantizer,
  kernelConstraint: option.any,
  padValues: option.oneOf(0, 1),
  batchNormMomentum: option.number(0, 1),
  patchSize: option.integer(1),
  depth: option.integer(1),
  heads: option.integer(1),
  mlpRatio: option.positive,
  pooling: option.oneOf('mean', 'token'),
  floatLayers: option.list(option.string),
};

/** Options that only some of the models have. */
const special: Readonly<Record<string, readonly string[]>> = {
  hidden: ['mlp'],
  padValues: ['cnn', 'vgg-small', 'resnet20', 'birealnet18'],
  ...Object.fromEntries(named.map((name) => [name, ['vit-tiny']])),
};

/**
 * Checks the options of a model.
 * @throws BitgradError `invalid-option` that names the option; also for one that only other models have
 */
export function checkModelOptions(model: string, options: ModelOptions): void {
  const owner = `createModel('${model}')`;
  checkOptions('models', owner, options, rules);
  for (const [name, models] of Object.entries(special))
    if (options[name as keyof ModelOptions] !== undefined && !models.includes(model))
      throw failureOf('models')('invalid-option', {
        what: `option "${name}" of ${owner}`,
        got: options[name as keyof ModelOptions],
        expected: `none: it is an option of ${models.join(', ')}`,
      });
}

/** The layer factories of a model. */
export function builder(options: ModelOptions): Builder {
  const { kernelQuantizer, seed = 0, width = 1, padValues = 0 } = options;
  const inputQuantizer = options.inputQuantizer === undefined ? kernelQuantizer : options.inputQuantizer;
  const kernelConstraint = options.kernelConstraint === undefined ? 'weightClip' : options.kernelConstraint;
  const seedOf = (name: string): number => 1 + createRng(seed).fork(name).integer(0x7ffffffe);
  const apply = (layer: tfl.layers.Layer, x: Node | Node[]): Node => layer.apply(x) as Node;
  const common = (name: string, kernel: QuantizerSpec | null, input: QuantizerSpec | null) => ({
    name,
    seed: seedOf(name),
    useBias: false,
    kernelQuantizer: kernel,
    inputQuantizer: input,
    kernelConstraint: kernel === null ? null : kernelConstraint,
  });
  const conv = (
    x: Node,
    name: string,
    { filters, kernelSize = 3, strides = 1 }: ConvShape,
    kernel: QuantizerSpec | null,
    input: QuantizerSpec | null,
  ): Node => {
    const padding = 'same' as const;
    const shape = {
      filters,
      kernelSize,
      strides,
      padding,
      padValues: input === null ? 0 : padValues,
    } as const;
    return apply(quantConv2d({ ...common(name, kernel, input), ...shape }), x);
  };
  const floatInitializer = (name: string) => tfl.initializers.glorotUniform({ seed: seedOf(name) });
  const norm = (x: Node, name: string): Node =>
    apply(batchNorm({ name, momentum: options.batchNormMomentum ?? 0.9, epsilon: 1e-5 }), x);
  return {
    options,
    inputQuantizer,
    seedOf,
    channels: (count) => Math.max(1, Math.round(count * width)),
    conv: (x, name, shape) => conv(x, name, shape, kernelQuantizer, inputQuantizer),
    firstConv: (x, name, shape, kernel) => conv(x, name, shape, kernel, options.firstInputQuantizer ?? null),
    floatConv: (x, name, { filters, kernelSize = 3, strides = 1 }) =>
      apply(
        tfl.layers.conv2d({
          name,
          filters,
          kernelSize,
          strides,
          padding: 'same',
          useBias: false,
          kernelInitializer: floatInitializer(name),
        }),
        x,
      ),
    dense: (x, name, units, first = false) => {
      const firstInput =
        options.firstInputQuantizer === undefined ? inputQuantizer : options.firstInputQuantizer;
      const firstKernel = options.firstKernelQuantizer === undefined ? kernelQuantizer : options.firstKernelQuantizer; // prettier-ignore
      const args = common(name, first ? firstKernel : kernelQuantizer, first ? firstInput : inputQuantizer);
      return apply(quantDense({ ...args, units }), x);
    },
    linear: (x, name, units, float) => {
      const args = float ? common(name, null, null) : common(name, kernelQuantizer, inputQuantizer);
      return apply(quantDense({ ...args, units }), x);
    },
    logits: (x, kernel) => {
      const [name, units] = ['logits', options.classes];
      if (kernel === null)
        return apply(tfl.layers.dense({ name, units, kernelInitializer: floatInitializer(name) }), x);
      // BatchNorm brings sums of thousands of +-1 to the scale that softmax learns from.
      return norm(apply(quantDense({ ...common(name, kernel, inputQuantizer), units }), x), `${name}_bn`);
    },
    batchNorm: norm,
    apply,
  };
}

/** A quantizer option with a default that depends on the model; null means none. */
export const orDefault = <T>(value: T | null | undefined, fallback: T | null): T | null =>
  value === undefined ? fallback : value;
