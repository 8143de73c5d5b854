// How far rounding can move the sums of layers with kernels.
import * as tf from '@tensorflow/tfjs-core';
import { exactFloat32 } from '@bitgrad/bits';
import { isQuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from './graph.js';
import { kernelOf } from './lower/product.js';
import {
  call,
  errorOf,
  even,
  roundings,
  sumOf,
  throughActivation,
  type Bound,
  type Bounded,
  type InputLevels,
} from './margins.js';

interface Kernel {
  readonly variable: tf.Variable;
  /** Levels and magnitudes of the deployed weights, in the variable's order, and the scale of each channel. */
  readonly levels: Float32Array;
  readonly magnitudes: Float32Array;
  readonly scale: Float32Array;
  readonly channels: number;
  /** Products that an output sums. */
  readonly terms: number;
  /** All levels whole, unscaled. */
  readonly whole: boolean;
}

interface Own {
  kernels?: ReadonlyMap<string, { read(): tf.Tensor }>;
  bias?: { read(): tf.Tensor } | null;
  activation?: { getClassName(): string; apply(x: tf.Tensor): tf.Tensor } | null;
  useBias?: boolean;
  kernelsAreQuantized?: boolean;
}

const kernelAt = (layer: GraphLayer, slot: string, channels: number): Kernel => {
  const { levels, scale } = kernelOf(layer, slot, channels);
  const magnitudes = levels.map((w, i) => Math.abs(w * scale[scale.length === 1 ? 0 : i % channels]!));
  const name = slot === 'depthwise' ? 'depthwise_kernel' : 'kernel';
  const weight =
    (layer as Own).kernels?.get(slot) ??
    layer.weights.find((w) => w.originalName.split('/').at(-1) === name)!;
  const own = new Float32Array(channels).map((_, c) => scale[scale.length === 1 ? 0 : c]!);
  return {
    variable: weight.read() as tf.Variable,
    levels,
    magnitudes,
    scale: own,
    channels,
    terms: levels.length / channels,
    whole: levels.every(Number.isInteger) && own.every((s) => s === 1),
  };
};

/** Largest sum of magnitudes of each output channel's weights, [c]. */
const totals = ({ magnitudes, channels }: Kernel): tf.Tensor => {
  const total = new Float32Array(channels);
  magnitudes.forEach((w, i) => (total[i % channels]! += w));
  return tf.tensor1d(total);
};

/**
 * What the packed model takes off its sums, as constants: levels of 0 and more are bits that stand for -1 and +1 there, and
 * half of the weights' sum comes back with the scale. It is rounded also where the graph's sum is exactly 0. [c]
 */
const offsets = ({ levels, scale, channels }: Kernel, { largest, positive }: InputLevels): tf.Tensor => {
  const total = new Float32Array(channels);
  if (positive) levels.forEach((w, i) => (total[i % channels]! += w));
  return tf.tensor1d(total.map((sum, c) => Math.abs(sum * scale[c]! * largest)));
};

const linear = { getClassName: () => 'linear', apply: (x: tf.Tensor) => x };

/** Runs f with a layer without activation, and, given kernels, without bias and with these in place of its weights. */
const altered = <T>(
  layer: GraphLayer,
  kernels: readonly Pick<Kernel, 'variable' | 'magnitudes'>[],
  f: () => T,
): T => {
  const own = layer as Own;
  const { bias, useBias, activation, kernelsAreQuantized } = own;
  const saved = kernels.map(({ variable }) => tf.clone(variable));
  try {
    own.activation = linear;
    if (kernels.length > 0) {
      [own.bias, own.useBias] = [null, false];
      if (isQuantLayer(layer)) own.kernelsAreQuantized = true;
    }
    kernels.forEach(({ variable, magnitudes }) => variable.assign(tf.tensor(magnitudes, variable.shape)));
    return f();
  } finally {
    kernels.forEach(({ variable }, i) => variable.assign(saved[i]!));
    own.activation = activation;
    if (kernels.length > 0) [own.bias, own.useBias] = [bias, useBias];
    if (isQuantLayer(layer)) own.kernelsAreQuantized = kernelsAreQuantized;
  }
};

/** As many products as if they were summed at once. */
const termsOf = (kernels: readonly Kernel[]): number =>
  kernels.reduce((sum, { terms }) => sum + Math.sqrt(terms), 0) ** 2;

/** Sums of magnitudes, and the error that inputs of the same levels and sums of floats have. */
const ofLevels = (
  layer: GraphLayer,
  kernels: readonly Kernel[],
  x: tf.Tensor,
  { largest, whole, positive }: InputLevels,
): [tf.Tensor, tf.Tensor] => {
  const inexact = !(whole && kernels[0]!.whole && kernels.length === 1);
  // Levels that are 0 add nothing, and a sum of them alone is exactly 0.
  if (positive && inexact) {
    const size = altered(layer, kernels, () => call(layer, [x]));
    return [size, tf.mul(size, sumOf(termsOf(kernels)))];
  }
  let [size, error]: [tf.Tensor, tf.Tensor] = [tf.scalar(largest), tf.scalar(0)];
  kernels.forEach((kernel, i) => {
    const exact = i === 0 && kernel.whole && whole && kernel.terms * largest < exactFloat32;
    // A second product sees every channel of the first.
    if (i > 0) [size, error] = [tf.max(size), tf.max(error)];
    const total = totals(kernel);
    error = tf.mul(exact ? error : tf.add(error, tf.mul(size, sumOf(kernel.terms))), total);
    size = tf.mul(size, total);
  });
  return [size, error];
};

/** The same for inputs of any values, by the layer itself: what a padded tap adds has no error. */
const ofFloats = (
  layer: GraphLayer,
  kernels: readonly Kernel[],
  x: tf.Tensor,
  error: tf.Tensor,
): [tf.Tensor, tf.Tensor] =>
  altered(layer, kernels, () => {
    const size = call(layer, [tf.abs(x)]);
    const moved = tf.sub(call(layer, [error]), call(layer, [tf.zerosLike(error)]));
    return [size, tf.add(moved, tf.mul(size, sumOf(termsOf(kernels))))];
  });

/**
 * Sums that the packed model has as integers, of levels or of bytes, with small integers for weights: computed as integers
 * here too, then scaled, so that an exact 0, which the graph decides by rounding, has no margin.
 */
const exactSums = (
  layer: GraphLayer,
  kernels: readonly Kernel[],
  { value, bytes }: Bounded,
  levels: InputLevels | undefined,
): tf.Tensor | undefined => {
  const [kernel, ...more] = kernels as [Kernel, ...Kernel[]];
  if (!isQuantLayer(layer) || more.length > 0 || !kernel.levels.every(Number.isInteger)) return undefined;
  const most = kernel.terms * kernel.levels.reduce((a, w) => Math.max(a, Math.abs(w)), 0);
  const sums = (x: tf.Tensor, unit: number): tf.Tensor => {
    const whole = altered(layer, [{ variable: kernel.variable, magnitudes: kernel.levels }], () => call(layer, [x])); // prettier-ignore
    return tf.mul(whole, tf.tensor1d(kernel.scale.map((s) => s * unit)));
  };
  if (levels) return levels.whole && most * levels.largest < exactFloat32 ? sums(value, 1) : undefined;
  const { padValues = 0 } = layer.getConfig() as { padValues?: number };
  if (!bytes?.whole || padValues !== 0 || layer.getClassName() === 'QuantConv1D') return undefined;
  // Well within what is exact in the lowering.
  return most * bytes.whole.largest < 2 ** 20 ? sums(bytes.whole.value, bytes.whole.unit) : undefined;
};

/** Products with the kernels of these slots, one after another. */
export const product =
  (...slots: string[]): Bound =>
  (layer, [x], y, levels) => {
    const { depthMultiplier = 1 } = layer.getConfig() as { depthMultiplier?: number };
    const own = x!.value.shape.at(-1)! * depthMultiplier;
    const kernels = slots.map((slot) => kernelAt(layer, slot, slot === 'depthwise' ? own : y.shape.at(-1)!));
    const sums = exactSums(layer, kernels, x!, levels);
    const plain = levels && kernels[0]!.whole;
    const coded = sums && levels && !plain ? tf.add(tf.abs(sums), offsets(kernels[0]!, levels)) : sums;
    const [size, error] = coded
      ? [tf.abs(coded), roundings(plain ? 0 : 4, coded)]
      : levels
        ? ofLevels(layer, kernels, x!.value, levels)
        : ofFloats(layer, kernels, x!.value, errorOf(x!));
    const { bias, activation } = layer as Own;
    const rounded = bias ? tf.add(error, roundings(2, size, bias.read())) : error;
    const margins = even(tf.add(rounded, tf.zerosLike(y)));
    const linearly = !activation || activation.getClassName() === 'linear';
    if (!sums && linearly) return margins;
    const f = (t: tf.Tensor): tf.Tensor => (linearly ? t : activation.apply(t));
    const value = sums
      ? bias
        ? tf.add(sums, bias.read())
        : sums
      : altered(layer, [], () => call(layer, [x!.value]));
    if (linearly) return { ...margins, value };
    const end = sums ? f(value) : y;
    return { ...throughActivation(activation.getClassName(), f, { value, ...margins }, end), value: end };
  };
