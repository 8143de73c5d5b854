// How far float32 rounding can move the output of a layer: one function a layer class, beside the layer's own arithmetic.
// Given by how much each input may be smaller and larger, it gives the same for the output. Each bound holds for two
// evaluations, the graph's and the packed model's, that round apart. Sums of n products are taken to be off by at most
// 4 sqrt(n) roundings of the sum of magnitudes: orders of summation differ by backend, and their errors are independent.
// Integers below 2^24 are exact; a ReLU's zero stays a zero.
import * as tf from '@tensorflow/tfjs-core';
import { QuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from './graph.js';
import { pairOf } from './lower/context.js';
import { kernelOf } from './lower/product.js';

/** A tensor of the graph, [n, ...], and by how much each element may be smaller and larger, 0 or more. */
export interface Bounded {
  readonly value: tf.Tensor;
  readonly down: tf.Tensor;
  readonly up: tf.Tensor;
}

/** One rounding of each side, relative. */
export const unit = 2 ** -23;
const sumOf = (n: number): number => 4 * Math.sqrt(n) * unit;

/** What a product layer's input is quantized to: largest magnitude of a level, and whether all are whole numbers. */
export interface InputLevels {
  readonly largest: number;
  readonly whole: boolean;
}

type Margins = Omit<Bounded, 'value'>;
type Bound = (
  layer: GraphLayer,
  inputs: readonly Bounded[],
  output: tf.Tensor,
  levels: InputLevels | undefined,
) => Margins;

/** As much down as up. */
const even = (error: tf.Tensor): Margins => ({ down: error, up: error });
const errorOf = ({ down, up }: Margins): tf.Tensor => tf.maximum(down, up);

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

/** From the ends of an interval through a function that keeps or turns their order, and its own rounding. */
const through = (
  f: (x: tf.Tensor) => tf.Tensor,
  { value, down, up }: Bounded,
  y: tf.Tensor,
  rounding: tf.Tensor | number,
  [least, most]: readonly [number, number] = [-Infinity, Infinity],
): Margins => {
  const ends = [f(tf.sub(value, down)), f(tf.add(value, up))] as const;
  const low = tf.sub(tf.minimum(y, tf.minimum(...ends)), rounding);
  const high = tf.add(tf.maximum(y, tf.maximum(...ends)), rounding);
  return {
    down: tf.relu(tf.sub(y, tf.maximum(low, least))),
    up: tf.relu(tf.sub(tf.minimum(high, most), y)),
  };
};

/** The values that an activation can take, and whether it rounds. */
const activations: Readonly<Record<string, { range?: readonly [number, number]; exact?: boolean }>> = {
  linear: { exact: true },
  relu: { range: [0, Infinity], exact: true },
  relu6: { range: [0, 6], exact: true },
  hardSigmoid: { range: [0, 1] },
  sigmoid: { range: [0, 1] },
  tanh: { range: [-1, 1] },
};

const throughActivation = (
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  x: Bounded,
  y: tf.Tensor,
): Margins => {
  if (name === 'softmax') return softmaxError(errorOf(x), y);
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const { range, exact } = activations[camel] ?? {};
  return through(f, x, y, exact ? 0 : roundings(8, tf.add(tf.abs(y), 1)), range);
};

interface Activated {
  activation?: { getClassName(): string; apply(x: tf.Tensor): tf.Tensor } | null;
}

const linear = { getClassName: () => 'linear', apply: (x: tf.Tensor) => x };

/** A product layer's value before its activation. */
const beforeActivation = (layer: GraphLayer, x: tf.Tensor): tf.Tensor => {
  const own = layer as Activated;
  const { activation } = own;
  own.activation = linear;
  try {
    return call(layer, [x]);
  } finally {
    own.activation = activation;
  }
};

const product =
  (...slots: string[]): Bound =>
  (layer, [x], y, levels) => {
    const config = layer.getConfig() as { depthMultiplier?: number };
    const own = x!.value.shape.at(-1)! * (config.depthMultiplier ?? 1);
    let largest = levels ? tf.scalar(levels.largest) : most(x!.value);
    let error: tf.Tensor = levels ? tf.scalar(0) : most(errorOf(x!));
    slots.forEach((slot, i) => {
      const sums = kernelSum(layer, slot, slot === 'depthwise' ? own : y.shape.at(-1)!);
      error = sumError(sums, largest, error, i === 0 ? levels : undefined);
      largest = tf.mul(largest, tf.tensor1d(sums.total));
      // A second product sees every channel of the first.
      if (i < slots.length - 1) [largest, error] = [tf.max(largest, -1, true), tf.max(error, -1, true)];
    });
    const { bias } = layer as { bias?: { read(): tf.Tensor } | null };
    if (bias) error = tf.add(error, roundings(2, largest, bias.read()));
    error = tf.add(error, tf.zerosLike(y));
    const { activation } = layer as Activated;
    if (!activation || activation.getClassName() === 'linear') return even(error);
    const value = beforeActivation(layer, x!.value);
    const f = (t: tf.Tensor): tf.Tensor => activation.apply(t);
    return throughActivation(activation.getClassName(), f, { value, ...even(error) }, y);
  };

const softmaxError = (error: tf.Tensor, y: tf.Tensor): Margins => {
  const row = tf.max(tf.add(error, tf.zerosLike(y)), -1, true);
  return even(tf.mul(y, tf.minimum(1, tf.add(tf.mul(row, 2), 64 * unit))));
};

const softmax: Bound = (_layer, [x], y) => softmaxError(errorOf(x!), y);

const batchNorm: Bound = (layer, [x], y) => {
  const { epsilon } = layer.getConfig() as { epsilon: number };
  const [gamma, beta] = [numberOf(layer, 'gamma') ?? tf.scalar(1), numberOf(layer, 'beta') ?? tf.scalar(0)];
  const [mean, variance] = [numberOf(layer, 'moving_mean')!, numberOf(layer, 'moving_variance')!];
  const factor = tf.abs(tf.div(gamma, tf.sqrt(tf.add(variance, epsilon))));
  const parts = tf.add(
    tf.mul(factor, tf.add(tf.abs(x!.value), tf.abs(mean))),
    tf.add(tf.abs(beta), tf.abs(y)),
  );
  return through((t) => call(layer, [t]), x!, y, roundings(4, parts));
};

/** Rectifiers: a negative part that is scaled, and shifts. */
const rectifier: Bound = (layer, [x], y) => {
  const shifts = ['gamma', 'zeta'].flatMap((name) => {
    const shift = numberOf(layer, name);
    return shift ? [tf.abs(shift), tf.abs(x!.value)] : [];
  });
  return through((t) => call(layer, [t]), x!, y, roundings(4, y, ...shifts));
};

const relu: Bound = (layer, [x], y) => through((t) => call(layer, [t]), x!, y, 0);

const activation: Bound = (layer, [x], y) => {
  const { activation: name } = layer.getConfig() as { activation: string };
  return throughActivation(name, (t) => call(layer, [t]), x!, y);
};

const call = (layer: GraphLayer, inputs: readonly tf.Tensor[]): tf.Tensor => {
  const y = layer.call(inputs.length === 1 ? inputs[0]! : [...inputs], { training: false });
  return Array.isArray(y) ? y[0]! : y;
};

/** Layers that move elements: margins move alike. */
const moved: Bound = (layer, inputs) => ({
  down: call(layer, inputs.map(({ down }) => down)), // prettier-ignore
  up: call(layer, inputs.map(({ up }) => up)), // prettier-ignore
});

/** Layers that choose elements. */
const chosen: Bound = (layer, [x], y) => through((t) => call(layer, [t]), x!, y, 0);

/** Means of n elements. */
const mean =
  (terms: (layer: GraphLayer, shape: readonly number[]) => number): Bound =>
  (layer, [x], y) => {
    const rounding = tf.mul(tf.abs(x!.value), sumOf(terms(layer, x!.value.shape)));
    const side = (error: tf.Tensor): tf.Tensor =>
      tf.add(call(layer, [tf.add(error, rounding)]), roundings(2, y));
    return { down: side(x!.down), up: side(x!.up) };
  };

const spatial = (_layer: GraphLayer, shape: readonly number[]): number =>
  shape.slice(1, -1).reduce((a, b) => a * b, 1);
const window = (layer: GraphLayer): number => {
  const [h, w] = pairOf((layer.getConfig() as { poolSize: unknown }).poolSize);
  return h * w;
};

const widened = ({ down, up }: Margins, rounding: tf.Tensor): Margins => ({
  down: tf.add(down, rounding),
  up: tf.add(up, rounding),
});

const add: Bound = (_layer, inputs, y) => {
  const sum = (key: 'down' | 'up') => inputs.map((x) => x[key]).reduce((a, b) => tf.add(a, b));
  const rounding = roundings(inputs.length, ...inputs.map(({ value }) => tf.abs(value)), y);
  return widened({ down: sum('down'), up: sum('up') }, rounding);
};

const unchanged: Bound = (_layer, [x]) => x!;

/** y = x + a learned tensor. */
const plusWeight: Bound = (_layer, [x], y) => widened(x!, roundings(2, x!.value, y));

/** A learned token in front, which has no error. */
const token: Bound = (_layer, [x], y) => {
  const [n, , c] = y.shape as [number, number, number];
  const joined = (error: tf.Tensor): tf.Tensor => tf.concat([tf.zeros([n, 1, c]), error], 1);
  return { down: joined(x!.down), up: joined(x!.up) };
};

const layerNorm: Bound = (layer, [x], y) => {
  const { epsilon } = layer.getConfig() as { epsilon: number };
  const [gamma, beta] = [numberOf(layer, 'gamma') ?? tf.scalar(1), numberOf(layer, 'beta') ?? tf.scalar(0)];
  const { value } = x!;
  const largest = tf.max(tf.abs(value), -1, true);
  const own = tf.add(tf.max(errorOf(x!), -1, true), tf.mul(largest, sumOf(value.shape.at(-1)!)));
  const { mean: centre, variance } = tf.moments(value, -1, true);
  const r = tf.rsqrt(tf.add(variance, epsilon));
  const normalized = tf.abs(tf.mul(tf.sub(value, centre), r));
  const moves = tf.mul(tf.mul(own, r), tf.add(normalized, 2));
  return even(tf.add(tf.mul(tf.abs(gamma), moves), roundings(8, y, beta)));
};

/** Scores off by their products' errors, weights by twice that, relative, and a mean of values with them. */
const attention: Bound = (layer, [x], y) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [, t, size] = x!.value.shape as [number, number, number];
  const d = size / 3 / heads;
  const [largest, error] = [most(x!.value), most(errorOf(x!))];
  const scores = tf.add(
    tf.mul(tf.mul(largest, error), 2 * Math.sqrt(d)),
    tf.mul(tf.square(largest), 4 * d * unit),
  );
  const relative = tf.minimum(tf.add(tf.mul(scores, 2), 64 * unit + sumOf(t)), 2);
  return even(tf.add(tf.add(error, tf.mul(largest, relative)), tf.zerosLike(y)));
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
  GlobalMaxPooling2D: chosen,
  LayerNormalization: layerNorm,
  LeakyReLU: rectifier,
  MaxPooling2D: chosen,
  PReLU: rectifier,
  QuantActivation: (_layer, _inputs, y) => even(roundings(2, y)),
  QuantConv1D: product('kernel'),
  QuantConv2D: product('kernel'),
  QuantDense: product('kernel'),
  QuantDepthwiseConv2D: product('depthwise'),
  QuantSeparableConv2D: product('depthwise', 'pointwise'),
  ReLU: relu,
  Reshape: moved,
  RPReLU: rectifier,
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
  const { down, up } = bound(layer, inputs, value, layer instanceof QuantLayer ? levels : undefined);
  return { value, down, up };
}
