// By how much rounding may make a value smaller and larger, and how that goes through functions.
import * as tf from '@tensorflow/tfjs-core';
import type { GraphLayer } from './graph.js';

/** A tensor of the graph, [n, ...], and by how much each element may be smaller and larger, 0 or more. */
export interface Bounded {
  readonly value: tf.Tensor;
  readonly down: tf.Tensor;
  readonly up: tf.Tensor;
  /** Set for the model's input where the packed model takes bytes. */
  readonly bytes?: Bytes;
}

/** What the packed model sees of normalized bytes: themselves, so that its signs and sums of them are exact. */
export interface Bytes {
  /** The values as integers times `unit`, where every channel has one such grid and 0 is on it. */
  readonly whole?: { readonly value: tf.Tensor; readonly unit: number; readonly largest: number };
}

/** One rounding of each side, graph and packed model, relative. */
export const unit = 2 ** -23;
/**
 * Roundings of a sum of n terms, relative to the sum of their magnitudes. Orders of summation differ by backend; errors
 * are independent, so that they grow with the root of n, and 2 sqrt(n) is beyond six standard deviations.
 */
export const sumOf = (n: number): number => 2 * Math.sqrt(n) * unit;

/** What a product layer's input is quantized to: largest magnitude of a level, and of what kind all are. */
export interface InputLevels {
  readonly largest: number;
  readonly whole: boolean;
  /** No level is negative. */
  readonly positive: boolean;
}

/** How much smaller and larger; of a value that is nearer to the exact one than the graph's, where it is given. */
export type Margins = Omit<Bounded, 'value' | 'bytes'> & { readonly value?: tf.Tensor };
/** The margins of a layer's output. */
export type Bound = (
  layer: GraphLayer,
  inputs: readonly Bounded[],
  output: tf.Tensor,
  levels: InputLevels | undefined,
) => Margins;

/** As much down as up. */
export const even = (error: tf.Tensor): Margins => ({ down: error, up: error });
/** The larger of both sides. */
export const errorOf = ({ down, up }: Margins): tf.Tensor => tf.maximum(down, up);

/** More on both sides. */
export const widened = ({ down, up }: Margins, rounding: tf.Tensor): Margins => ({
  down: tf.add(down, rounding),
  up: tf.add(up, rounding),
});

/** Roundings of values that are computed by a few operations. */
export const roundings = (count: number, ...values: tf.Tensor[]): tf.Tensor =>
  tf.mul(
    values.map((v) => tf.abs(v)).reduce((a, b) => tf.add(a, b)),
    count * unit,
  );

/** From the ends of an interval through a function that keeps or turns their order, and its own rounding. */
export const through = (
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

/** Through an activation by name. */
export const throughActivation = (
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  x: Bounded,
  y: tf.Tensor,
): Margins => {
  if (name === 'softmax') return softmaxError(errorOf(x), y);
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const { range, exact } = activations[camel] ?? {};
  // A sigmoid near 0 is an exponential, with its relative error; the others round what is about 1.
  const rounding =
    camel === 'sigmoid'
      ? tf.mul(tf.add(tf.abs(x.value), 4), tf.mul(y, 4 * unit))
      : roundings(8, tf.add(tf.abs(y), 1));
  return through(f, x, y, exact ? 0 : rounding, range);
};

/** Through a softmax, of logits that are off by an error. */
export const softmaxError = (error: tf.Tensor, y: tf.Tensor): Margins => {
  const row = tf.max(tf.add(error, tf.zerosLike(y)), -1, true);
  return even(tf.mul(y, tf.minimum(1, tf.add(tf.mul(row, 2), 64 * unit))));
};

/** Runs a layer as in inference. */
export const call = (layer: GraphLayer, inputs: readonly tf.Tensor[]): tf.Tensor => {
  const y = layer.call(inputs.length === 1 ? inputs[0]! : [...inputs], { training: false });
  return Array.isArray(y) ? y[0]! : y;
};
