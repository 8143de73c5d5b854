// How far float32 rounding can move the output of a layer: one function a layer class, beside the layer's own arithmetic.
// Given the error of the input, elementwise, it gives that of the output. Sums of n products are taken to be off by at
// most 4 sqrt(n) roundings of the sum of magnitudes: orders of summation differ by backend, and their errors are
// independent. Integers below 2^24 are exact.
import * as tf from '@tensorflow/tfjs-core';
import { QuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from './graph.js';
import { pairOf } from './lower/context.js';
import { kernelOf } from './lower/product.js';

/** A tensor of the graph, [n, ...], with the largest error of each element. */
export interface Bounded {
  readonly value: tf.Tensor;
  readonly error: tf.Tensor;
}

/** One rounding, relative. */
export const unit = 2 ** -24;
const sumOf = (n: number): number => 4 * Math.sqrt(n) * unit;

/** What a product layer's input is quantized to: largest magnitude of a level, and whether all are whole numbers. */
export interface InputLevels {
  readonly largest: number;
  readonly whole: boolean;
}

type Bound = (
  layer: GraphLayer,
  inputs: readonly Bounded[],
  output: tf.Tensor,
  levels: InputLevels | undefined,
) => tf.Tensor;

const numberOf = (layer: GraphLayer, name: string): tf.Tensor | undefined =>
  layer.weights.find((w) => w.originalName.split('/').at(-1) === name)?.read();

/** Roundings of values that are computed by a few operations. */
const roundings = (count: number, ...values: tf.Tensor[]): tf.Tensor =>
  tf.mul(
    values.map((v) => tf.abs(v)).reduce((a, b) => tf.add(a, b)),
    count * unit,
  );

/** Largest magnitude of each sample, [n, 1, ...]. */
const most = (x: tf.Tensor): tf.Tensor =>
  tf.max(
    tf.abs(x),
    x.shape.slice(1).map((_, i) => i + 1),
    true,
  );

interface KernelSum {
  /** Sum of magnitudes of each output channel's weights, [c]. */
  readonly total: Float32Array;
  readonly terms: number;
  /** All levels whole, unscaled. */
  readonly whole: boolean;
}

const kernelSum = (layer: GraphLayer, slot: string, channels: number): KernelSum => {
  const { levels, scale } = kernelOf(layer, slot, channels);
  const total = new Float32Array(channels);
  levels.forEach((w, i) => (total[i % channels]! += Math.abs(w)));
  total.forEach((sum, c) => (total[c] = sum * Math.abs(scale[scale.length === 1 ? 0 : c]!)));
  const whole = levels.every(Number.isInteger) && scale.every((s) => s === 1);
  return { total, terms: levels.length / channels, whole };
};

interface Product {
  bias?: { read(): tf.Tensor } | null;
  activation?: { getClassName(): string } | null;
}

/** Error of a sum of products, one a channel: of inputs with errors, plus that of the summation. */
const sumError = (
  { total, terms, whole }: KernelSum,
  largest: tf.Tensor,
  error: tf.Tensor,
  levels?: InputLevels,
): tf.Tensor => {
  const exact = whole && levels?.whole && terms * levels.largest < 2 ** 24;
  const each = exact ? error : tf.add(error, tf.mul(largest, sumOf(terms)));
  return tf.mul(each, tf.tensor1d(total));
};

const afterProduct = (layer: GraphLayer, error: tf.Tensor, size: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const { bias, activation } = layer as unknown as Product;
  const sum = bias ? tf.add(error, roundings(2, size, bias.read())) : error;
  const name = activation?.getClassName() ?? 'linear';
  if (name === 'linear') return tf.add(sum, tf.zerosLike(y));
  if (name === 'softmax') return softmaxError(sum, y);
  return tf.add(tf.mul(sum, 1.2), roundings(8, tf.add(tf.abs(y), 1)));
};

const product =
  (...slots: string[]): Bound =>
  (layer, [x], y, levels) => {
    const config = layer.getConfig() as { depthMultiplier?: number };
    const own = x!.value.shape.at(-1)! * (config.depthMultiplier ?? 1);
    let largest = levels ? tf.scalar(levels.largest) : most(x!.value);
    let error: tf.Tensor = levels ? tf.scalar(0) : most(x!.error);
    slots.forEach((slot, i) => {
      const sums = kernelSum(layer, slot, slot === 'depthwise' ? own : y.shape.at(-1)!);
      error = sumError(sums, largest, error, i === 0 ? levels : undefined);
      largest = tf.mul(largest, tf.tensor1d(sums.total));
      // A second product sees every channel of the first.
      if (i < slots.length - 1) [largest, error] = [tf.max(largest, -1, true), tf.max(error, -1, true)];
    });
    return afterProduct(layer, error, largest, y);
  };

const softmaxError = (error: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const row = tf.max(tf.add(error, tf.zerosLike(y)), -1, true);
  return tf.mul(y, tf.add(tf.mul(row, 2), 64 * unit));
};

const softmax: Bound = (_layer, [x], y) => softmaxError(x!.error, y);

const batchNorm: Bound = (layer, [x], y) => {
  const { epsilon } = layer.getConfig() as { epsilon: number };
  const [gamma, beta] = [numberOf(layer, 'gamma') ?? tf.scalar(1), numberOf(layer, 'beta') ?? tf.scalar(0)];
  const [mean, variance] = [numberOf(layer, 'moving_mean')!, numberOf(layer, 'moving_variance')!];
  const factor = tf.abs(tf.div(gamma, tf.sqrt(tf.add(variance, epsilon))));
  const parts = tf.add(
    tf.mul(factor, tf.add(tf.abs(x!.value), tf.abs(mean))),
    tf.add(tf.abs(beta), tf.abs(y)),
  );
  return tf.add(tf.mul(factor, x!.error), roundings(4, parts));
};

/** Functions of one element whose slope is at most `slope`. */
const elementwise =
  (slope: (layer: GraphLayer) => tf.Tensor | number): Bound =>
  (layer, [x], y) => {
    const shifts = ['gamma', 'zeta'].map((name) => numberOf(layer, name)).filter((t) => t !== undefined);
    return tf.add(tf.mul(x!.error, slope(layer)), roundings(8, x!.value, y, ...shifts));
  };

const steepest = (name: string) =>
  elementwise((layer) => tf.maximum(1, tf.abs(numberOf(layer, name) ?? tf.scalar(1))));

const activation: Bound = (layer, inputs, y, levels) => {
  const { activation: name } = layer.getConfig() as { activation: string };
  return name === 'softmax'
    ? softmax(layer, inputs, y, levels)
    : elementwise(() => 1.2)(layer, inputs, y, levels);
};

const call = (layer: GraphLayer, inputs: readonly tf.Tensor[]): tf.Tensor => {
  const y = layer.call(inputs.length === 1 ? inputs[0]! : [...inputs], { training: false });
  return Array.isArray(y) ? y[0]! : y;
};

/** Layers that move or choose elements: errors move alike. */
const moved: Bound = (layer, inputs) => call(layer, inputs.map(({ error }) => error)); // prettier-ignore

/** Means of n elements. */
const mean =
  (terms: (layer: GraphLayer, shape: readonly number[]) => number): Bound =>
  (layer, [x], y) => {
    const rounding = tf.mul(tf.abs(x!.value), sumOf(terms(layer, x!.value.shape)));
    return tf.add(call(layer, [tf.add(x!.error, rounding)]), roundings(2, y));
  };

const spatial = (_layer: GraphLayer, shape: readonly number[]): number =>
  shape.slice(1, -1).reduce((a, b) => a * b, 1);
const window = (layer: GraphLayer): number => {
  const [h, w] = pairOf((layer.getConfig() as { poolSize: unknown }).poolSize);
  return h * w;
};

const add: Bound = (_layer, inputs, y) => {
  const sizes = inputs.map(({ value }) => tf.abs(value));
  const errors = inputs.map(({ error }) => error).reduce((a, b) => tf.add(a, b));
  return tf.add(errors, roundings(inputs.length, ...sizes, y));
};

const unchanged: Bound = (_layer, [x]) => x!.error;

/** y = x + a learned tensor. */
const plusWeight: Bound = (_layer, [x], y) => tf.add(x!.error, roundings(2, x!.value, y));

/** A learned token in front, which has no error. */
const token: Bound = (_layer, [x], y) => {
  const [n, , c] = y.shape as [number, number, number];
  return tf.concat([tf.zeros([n, 1, c]), x!.error], 1);
};

const layerNorm: Bound = (layer, [x], y) => {
  const { epsilon } = layer.getConfig() as { epsilon: number };
  const [gamma, beta] = [numberOf(layer, 'gamma') ?? tf.scalar(1), numberOf(layer, 'beta') ?? tf.scalar(0)];
  const { value } = x!;
  const largest = tf.max(tf.abs(value), -1, true);
  const own = tf.add(tf.max(x!.error, -1, true), tf.mul(largest, sumOf(value.shape.at(-1)!)));
  const { mean: centre, variance } = tf.moments(value, -1, true);
  const r = tf.rsqrt(tf.add(variance, epsilon));
  const normalized = tf.abs(tf.mul(tf.sub(value, centre), r));
  const moves = tf.mul(tf.mul(own, r), tf.add(normalized, 2));
  return tf.add(tf.mul(tf.abs(gamma), moves), roundings(8, y, beta));
};

/** Scores off by their products' errors, weights by twice that, relative, and a mean of values with them. */
const attention: Bound = (layer, [x], y) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [, t, size] = x!.value.shape as [number, number, number];
  const d = size / 3 / heads;
  const [largest, error] = [most(x!.value), most(x!.error)];
  const scores = tf.add(
    tf.mul(tf.mul(largest, error), 2 * Math.sqrt(d)),
    tf.mul(tf.square(largest), 4 * d * unit),
  );
  const relative = tf.minimum(tf.add(tf.mul(scores, 2), 64 * unit + sumOf(t)), 2);
  return tf.add(tf.add(error, tf.mul(largest, relative)), tf.zerosLike(y));
};

/** Bounds by the class name that a layer is saved under. */
export const bounds: Readonly<Record<string, Bound>> = {
  Activation: activation,
  Add: add,
  AlphaDropout: unchanged,
  AveragePooling2D: mean(window),
  BatchNormalization: batchNorm,
  BitgradAttention: attention,
  BitgradBatchNorm: batchNorm,
  BitgradClassToken: token,
  BitgradFirstToken: moved,
  BitgradLayerNorm: layerNorm,
  BitgradPositionEmbedding: plusWeight,
  Concatenate: moved,
  Conv1D: product('kernel'),
  Conv2D: product('kernel'),
  Dense: product('kernel'),
  DepthwiseConv2D: product('depthwise'),
  Dropout: unchanged,
  Flatten: moved,
  GaussianDropout: unchanged,
  GaussianNoise: unchanged,
  GlobalAveragePooling1D: mean(spatial),
  GlobalAveragePooling2D: mean(spatial),
  GlobalMaxPooling2D: moved,
  LayerNormalization: layerNorm,
  LeakyReLU: elementwise((layer) => Math.max(1, (layer.getConfig() as { alpha: number }).alpha)),
  MaxPooling2D: moved,
  PReLU: steepest('alpha'),
  QuantActivation: (_layer, _inputs, y) => roundings(2, y),
  QuantConv1D: product('kernel'),
  QuantConv2D: product('kernel'),
  QuantDense: product('kernel'),
  QuantDepthwiseConv2D: product('depthwise'),
  QuantSeparableConv2D: product('depthwise', 'pointwise'),
  ReLU: elementwise(() => 1),
  Reshape: moved,
  RPReLU: steepest('beta'),
  Softmax: softmax,
  SpatialDropout1D: unchanged,
  ZeroPadding2D: moved,
};

/** A layer's output with its error; undefined where the class has no bound. */
export function boundedCall(
  layer: GraphLayer,
  inputs: readonly Bounded[],
  levels: InputLevels | undefined,
): Bounded | undefined {
  const bound = bounds[layer.getClassName()];
  if (!bound) return undefined;
  const value = call(layer, inputs.map((x) => x.value)); // prettier-ignore
  return { value, error: bound(layer, inputs, value, layer instanceof QuantLayer ? levels : undefined) };
}
