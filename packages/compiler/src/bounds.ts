// How far float32 rounding can move the output of a layer: one function a layer class, beside the layer's own arithmetic.
// Given by how much each input may be smaller and larger, it gives the same for the output. Each bound holds for two
// evaluations, the graph's and the packed model's, that round apart. Integers below 2^24 are exact; a ReLU's zero stays
// a zero.
import * as tf from '@tensorflow/tfjs-core';
import { isQuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from './graph.js';
import { pairOf } from './lower/context.js';
import {
  call,
  errorOf,
  even,
  roundings,
  softmaxError,
  sumOf,
  through,
  throughActivation,
  unit,
  widened,
  type Bound,
  type Bounded,
  type InputLevels,
} from './margins.js';
import { product } from './products.js';

const numberOf = (layer: GraphLayer, name: string): tf.Tensor | undefined =>
  layer.weights.find((w) => w.originalName.split('/').at(-1) === name)?.read();

/** Largest magnitude of each sample, [n, 1, ...]. */
const most = (x: tf.Tensor): tf.Tensor =>
  tf.max(
    tf.abs(x),
    x.shape.slice(1).map((_, i) => i + 1),
    true,
  );

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
const window1d = (layer: GraphLayer): number =>
  pairOf((layer.getConfig() as { poolSize: unknown }).poolSize)[0];

/** A tensor with axes of 1 after the batch, as tfjs aligns what it joins. */
const aligned = (t: tf.Tensor, { rank }: tf.Tensor): tf.Tensor =>
  t.rank < rank
    ? tf.reshape(t, [t.shape[0]!, ...Array<number>(rank - t.rank).fill(1), ...t.shape.slice(1)])
    : t;

const add: Bound = (_layer, inputs, y) => {
  const sum = (key: 'down' | 'up') =>
    inputs.map((x) => aligned(x[key], y)).reduce((a, b) => tf.add(a, b), tf.zerosLike(y));
  const rounding = roundings(inputs.length, ...inputs.map(({ value }) => tf.abs(aligned(value, y))), y);
  return widened({ down: sum('down'), up: sum('up') }, rounding);
};

const average: Bound = (layer, inputs, y, levels) => {
  const n = inputs.length;
  const sum = tf.mul(y, n);
  const { down, up } = add(layer, inputs, sum, levels);
  return widened({ down: tf.div(down, n), up: tf.div(up, n) }, roundings(2, y));
};

const multiply: Bound = (_layer, inputs, y) => {
  const [first, ...rest] = inputs.map((x) => ({ value: aligned(x.value, y), error: aligned(errorOf(x), y) }));
  const { error } = rest.reduce((a, b) => {
    const value = tf.mul(a.value, b.value);
    const moves = tf.add(tf.mul(tf.abs(a.value), b.error), tf.mul(tf.add(tf.abs(b.value), b.error), a.error));
    return { value, error: tf.add(moves, roundings(2, value)) };
  }, first!);
  return even(tf.add(error, tf.zerosLike(y)));
};

const unchanged: Bound = (_layer, [x]) => ({ down: x!.down, up: x!.up });

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

/**
 * Scores off by their products' errors, weights by twice that, relative, and a mean of values with them: what moves is
 * at most the spread of the values.
 */
const attention: Bound = (layer, [x], y) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [, t, size] = x!.value.shape as [number, number, number];
  const d = size / 3 / heads;
  const off = errorOf(x!);
  const [q, k, v] = [0, 1, 2].map((i) => {
    const part = (of: tf.Tensor): tf.Tensor => tf.slice(of, [0, 0, (i * size) / 3], [-1, -1, size / 3]);
    return { largest: most(part(x!.value)), error: most(part(off)) };
  }) as [Sized, Sized, Sized];
  const moves = tf.add(tf.mul(q.largest, k.error), tf.mul(k.largest, q.error));
  const sums = tf.mul(tf.mul(q.largest, k.largest), sumOf(d) + 2 * unit);
  const scores = tf.mul(tf.add(moves, sums), Math.sqrt(d));
  const relative = tf.minimum(tf.add(tf.mul(scores, 2), 16 * unit + sumOf(t)), 2);
  return even(tf.add(tf.add(v.error, tf.mul(v.largest, relative)), tf.zerosLike(y)));
};

/** Sums over t tokens of products of scores, which are sums of d products, and values; scores of one bit are exact. */
const binaryAttention: Bound = (layer, [x], y, levels) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [, t, size] = x!.value.shape as [number, number, number];
  const d = size / 3 / heads;
  const largest = levels ? tf.scalar(levels.largest) : tf.add(most(x!.value), most(errorOf(x!)));
  const moves = levels ? tf.scalar(0) : tf.div(tf.mul(most(errorOf(x!)), 3), tf.add(largest, unit));
  const sums = tf.mul(tf.pow(largest, 3), t * Math.sqrt(d));
  return even(tf.add(tf.mul(sums, tf.add(moves, sumOf(t) + sumOf(d))), tf.zerosLike(y)));
};

interface Sized {
  readonly largest: tf.Tensor;
  readonly error: tf.Tensor;
}

/** Bounds by the class name that a layer is saved under. */
export const bounds: Readonly<Record<string, Bound>> = {
  Activation: activation,
  Add: add,
  AlphaDropout: unchanged,
  Average: average,
  AveragePooling1D: mean(window1d),
  AveragePooling2D: mean(window),
  BatchNormalization: batchNorm,
  BitgradAttention: attention,
  BitgradBatchNorm: batchNorm,
  BitgradBinaryAttention: binaryAttention,
  BitgradClassToken: token,
  BitgradFirstToken: moved,
  BitgradHardTanh: chosen,
  BitgradLayerNorm: layerNorm,
  BitgradPadding: chosen,
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
  GlobalMaxPooling1D: chosen,
  GlobalMaxPooling2D: chosen,
  LayerNormalization: layerNorm,
  LeakyReLU: rectifier,
  MaxPooling1D: chosen,
  MaxPooling2D: chosen,
  Multiply: multiply,
  Permute: moved,
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
  const { down, up, value: nearer = value } = bound(layer, inputs, value, isQuantLayer(layer) ? levels : undefined); // prettier-ignore
  return { value: nearer, down, up };
}
