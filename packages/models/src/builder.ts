// The pieces that architectures are built from: named, seeded, without hidden state.
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, type QuantizerSpec } from '@bitgrad/core';
import { batchNorm, quantConv2d, quantDense } from '@bitgrad/layers';
import { commonDefaults, type CommonOptions, type ConvolutionOptions } from './options.js';

/** A graph under construction. */
export type Node = tfl.SymbolicTensor;

/** A convolution's shape in a model. */
export interface ConvShape {
  filters: number;
  kernelSize?: number;
  strides?: number;
  /** Pixels on every side, as in PyTorch; default 'same', TensorFlow's. */
  padding?: number;
  /** What a binary convolution pads with where the option does not say; default 0. */
  padValues?: 0 | 1;
}

/** Makes the layers of one model; see {@link builder}. */
export interface Builder<O extends object = object> {
  readonly options: CommonOptions & O;
  /** Quantizer of the activations. */
  readonly inputQuantizer: QuantizerSpec | null;
  /** The seed of a layer's initial values, by its name. */
  seedOf(name: string): number;
  /** A channel count times the width factor, at least 1. */
  channels(count: number): number;
  /** Convolution with quantized weights and input, no bias. */
  conv(x: Node, name: string, shape: ConvShape): Node;
  /**
   * As {@link conv}, along time and causal, of x [n, frames, 1, channels].
   * @param padValues where the option does not say it; default 1: a pad that is a level like any other is a frame that was
   *   before, so that what is kept from frame to frame has bits alone
   */
  causalConv(x: Node, name: string, shape: Pick<ConvShape, 'filters' | 'kernelSize' | 'padValues'>): Node;
  /** First convolution: the model's input, quantized only when asked for. */
  firstConv(x: Node, name: string, shape: ConvShape, kernel: QuantizerSpec | null): Node;
  /** Convolution in float, no bias. */
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

/** The layer factories of a model. */
export function builder<O extends object>(options: CommonOptions & O): Builder<O> {
  const { kernelQuantizer, seed = commonDefaults.seed, width = commonDefaults.width } = options;
  const inputQuantizer = options.inputQuantizer === undefined ? kernelQuantizer : options.inputQuantizer;
  const kernelConstraint =
    options.kernelConstraint === undefined ? commonDefaults.kernelConstraint : options.kernelConstraint;
  const seedOf = (name: string): number => 1 + createRng(seed).fork(name).integer(0x7ffffffe);
  const apply = (layer: tfl.layers.Layer, x: Node | Node[]): Node => layer.apply(x) as Node;
  /** What a layer begins with where the option is not the layers' own default. */
  const initializer = (name: string) =>
    options.initializer === 'fan-in'
      ? tfl.initializers.varianceScaling({ scale: 1 / 3, mode: 'fanIn', distribution: 'uniform', seed: seedOf(name) }) // prettier-ignore
      : tfl.initializers.glorotUniform({ seed: seedOf(name) });
  const common = (name: string, kernel: QuantizerSpec | null, input: QuantizerSpec | null) => ({
    name,
    seed: seedOf(name),
    useBias: false,
    ...(options.initializer === 'fan-in' && { kernelInitializer: initializer(name) }),
    kernelQuantizer: kernel,
    inputQuantizer: input,
    kernelConstraint: kernel === null ? null : kernelConstraint,
  });
  const conv = (
    x: Node,
    name: string,
    { filters, kernelSize = 3, strides = 1, padding, padValues = 0 }: ConvShape,
    kernel: QuantizerSpec | null,
    input: QuantizerSpec | null,
  ): Node => {
    const { padValues: wanted = padValues } = options as ConvolutionOptions;
    const shape = {
      filters,
      kernelSize,
      strides,
      padding: padding ?? ('same' as const),
      padValues: input === null ? 0 : wanted,
    };
    return apply(quantConv2d({ ...common(name, kernel, input), ...shape }), x);
  };
  const norm = (x: Node, name: string): Node =>
    apply(
      batchNorm({
        name,
        momentum: options.batchNormMomentum ?? commonDefaults.batchNormMomentum,
        epsilon: 1e-5,
      }),
      x,
    );
  return {
    options,
    inputQuantizer,
    seedOf,
    channels: (count) => Math.max(1, Math.round(count * width)),
    conv: (x, name, shape) => conv(x, name, shape, kernelQuantizer, inputQuantizer),
    causalConv: (x, name, { filters, kernelSize = 3, padValues = 1 }) => {
      const { padValues: wanted = padValues } = options as ConvolutionOptions;
      const shape = {
        filters,
        kernelSize: [kernelSize, 1],
        padding: [[kernelSize - 1, 0], [0, 0]] as const, // prettier-ignore
        padValues: inputQuantizer === null ? 0 : wanted,
      };
      return apply(quantConv2d({ ...common(name, kernelQuantizer, inputQuantizer), ...shape }), x);
    },
    firstConv: (x, name, shape, kernel) => conv(x, name, shape, kernel, options.firstInputQuantizer ?? null),
    floatConv: (x, name, { filters, kernelSize = 3, strides = 1, padding }) =>
      apply(
        quantConv2d({
          ...common(name, null, null),
          ...{ filters, kernelSize, strides, padding: padding ?? 'same' },
          kernelInitializer: initializer(name),
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
        return apply(tfl.layers.dense({ name, units, kernelInitializer: initializer(name) }), x);
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
