// Where packed model and graph differ: is it the graph's own rounding? A sum that is exactly at a threshold, in integers,
// is decided by rounding where the graph adds floats, and one sign moves everything after it. So the graph is run once
// more, layer by layer, with an error bound beside each value. At every quantized input the packed model's level is taken
// over if the graph's value could round to it, that is if it is taken somewhere within the bound; any other difference is
// a mistake. What remains at the output must then be within its error bound. A wrong packed model cannot pass: the graph
// that it equals differs from the given one by rounding alone.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { isQuantLayer, withHardened, type QuantLayer } from '@bitgrad/layers';
import { elementCount, type Engine, type InputNormalization, type PackedModel } from '@bitgrad/runtime';
import { boundedCall } from './bounds.js';
import { endsOf, evaluate, type GraphLayer } from './graph.js';
import { unit, type Bounded, type Bytes, type InputLevels } from './margins.js';
import { deployInput } from './quantized.js';
import { tapped, type Tapped } from './taps.js';
import { tidied } from './tidy.js';

/** Samples of the packed model and of the graph that differ. */
export interface Difference {
  readonly model: tfl.LayersModel;
  readonly packed: PackedModel;
  /** Runs the packed model. */
  readonly engine: Engine;
  /** The packed model's input, and what the graph takes in its place, for the differing samples alone. */
  readonly samples: Uint8Array | Float32Array;
  readonly values: Float32Array;
  /** How bytes were made the graph's values. */
  readonly normalization?: InputNormalization;
  /** Outputs of the packed model, and of the graph. */
  readonly outputs: Float32Array;
  readonly wanted: Float32Array;
  /** Samples that may be left unexplained; with more of them it stops, and the rest counts as unexplained. */
  readonly most: number;
  /** What an output may differ by without being looked at, for each place along the last axis. */
  readonly allowed: ArrayLike<number>;
}

/** Whether each sample's difference is rounding, and where the first that is not was found. */
export interface Explanation {
  readonly explained: readonly boolean[];
  /** Whether signs of the graph were decided by rounding otherwise. */
  readonly tied: readonly boolean[];
  readonly where?: string;
}

/** Elements of all signs that are looked at together. */
const mostElements = 1 << 22;

/** State of one pass: which samples are beyond rounding, and what the packed model's signs are. */
interface Pass {
  readonly rows: number;
  readonly beyond: Uint8Array;
  readonly tied: Uint8Array;
  where?: string;
  /** Values that the packed model has at the next call of a layer, [rows, size]. */
  next(name: string, size: number): Float32Array | undefined;
}

/** Marks the samples for which not all of a condition is true; says whether there are any. */
const mark = (pass: Pass, marks: Uint8Array, condition: tf.Tensor): boolean => {
  const each = tf.all(tf.reshape(condition, [pass.rows, -1]), 1).dataSync();
  each.forEach((fine, i) => (marks[i] = fine ? marks[i]! : 1));
  return each.some((fine) => !fine);
};

const note = (pass: Pass, fine: tf.Tensor, where: string): void => {
  if (mark(pass, pass.beyond, fine)) pass.where ??= where;
};

/** The input of a quantized layer, moved within its error bound to where it takes the packed model's levels. */
const forced = (
  layer: QuantLayer,
  { value, down, up, bytes }: Bounded,
  pass: Pass,
): { value: tf.Tensor; levels: InputLevels } => {
  const input = deployInput(layer)!;
  const steps = 'codes' in input ? [input.low, input.high] : input.levels;
  const levels = {
    largest: Math.max(...steps.map(Math.abs)),
    whole: steps.every(Number.isInteger),
    positive: steps.every((s) => s >= 0),
  };
  const taken = pass.next(layer.name, value.size / pass.rows);
  if (!taken) {
    note(pass, tf.zeros([pass.rows]), `layer "${layer.name}" has no signs in the packed model`);
    return { value, levels };
  }
  const quantized = 'codes' in input ? input.codes : input.values;
  const sorted = steps.toSorted((a, b) => a - b);
  const gap = 'codes' in input ? 2 : Math.min(...sorted.slice(1).map((s, i) => s - sorted[i]!));
  const wanted = tf.tensor(taken, value.shape);
  // Of bytes the packed model has the signs of the graph's own arithmetic, byte by byte.
  const places = bytes ? [value, value, value] : [value, tf.sub(value, down), tf.add(value, up)];
  const fits = places.map((x) => tf.less(tf.abs(tf.sub(quantized(x), wanted)), gap / 4));
  note(
    pass,
    fits.reduce((a, b) => tf.logicalOr(a, b)),
    `the input of layer "${layer.name}"`,
  );
  const [at, below, above] = fits as [tf.Tensor, tf.Tensor, tf.Tensor];
  const moved = tf.where(below, places[1]!, tf.where(above, places[2]!, value));
  return { value: tf.where(at, value, moved), levels };
};

const exactly = (value: tf.Tensor): Bounded => {
  const zero = tf.zerosLike(value);
  return { value, down: zero, up: zero };
};

const evaluateForced = (model: tfl.LayersModel, start: Bounded, pass: Pass): Bounded => {
  const { input, output } = endsOf(model);
  return evaluate<Bounded>(output, new Map([[input.id, start]]), (layer, inputs) => {
    let given = inputs;
    let levels: InputLevels | undefined;
    if (isQuantLayer(layer) && layer.slots.has('input')) {
      const moved = forced(layer, inputs[0]!, pass);
      given = [exactly(moved.value)];
      levels = moved.levels;
    }
    const result = boundedCall(layer, given, levels);
    if (result) return result;
    note(pass, tf.zeros([pass.rows]), unknownBound(layer));
    const value = layer.call(given.map((x) => x.value), { training: false }) as tf.Tensor; // prettier-ignore
    return exactly(value);
  });
};

const unknownBound = (layer: GraphLayer): string =>
  `layer "${layer.name}" (${layer.getClassName()}), whose rounding is not known`;

/** The packed model's signs of some samples, by layer and call. */
const signsOf = (tap: Tapped | undefined, values: ArrayLike<number>, rows: number): Pass['next'] => {
  const calls = new Map<string, number>();
  const width = values.length / rows;
  return (name, size) => {
    const call = calls.get(name) ?? 0;
    calls.set(name, call + 1);
    const found = tap?.taps.filter((t) => t.name === name)[call];
    if (found?.size !== size) return undefined;
    return Float32Array.from({ length: rows * size }, (_, i) => {
      return values[Math.floor(i / size) * width + found.offset + (i % size)]!;
    });
  };
};

/** Normalized bytes as integers on one grid that has 0: what a packed model sums, with padding. */
const wholeBytes = (bytes: Uint8Array, shape: number[], { mean, std }: InputNormalization): Bytes => {
  const [m, s] = [mean[0]!, std[0]!];
  const factor = Array.from({ length: 9 }, (_, shift) => 2 ** shift).find((f) => Number.isInteger(m * f));
  if (factor === undefined || mean.some((v) => v !== m) || std.some((v) => v !== s)) return {};
  const value = tf.tensor(Float32Array.from(bytes, (byte) => factor * (byte - m)), shape); // prettier-ignore
  const largest = factor * Math.max(Math.abs(m), Math.abs(255 - m));
  return { whole: { value, unit: 1 / (factor * s), largest } };
};

/** The input: bytes are normalized by a difference and a product; the packed model has them, or the same steps. */
const startOf = (
  { packed, samples, values, normalization }: Difference,
  from: number,
  rows: number,
): Bounded => {
  const { shape } = packed.plan.buffers[packed.plan.input]!;
  const size = elementCount(shape);
  const x = tf.tensor(values.subarray(from * size, (from + rows) * size), [rows, ...shape]);
  if (!(samples instanceof Uint8Array) || !normalization) return exactly(x);
  const { mean, std } = normalization;
  const shift = Math.max(...mean.flatMap((m) => std.map((s) => Math.abs(m / s))));
  const error = tf.mul(tf.add(tf.abs(x), 8 * shift), 2 * unit);
  const part = samples.subarray(from * size, (from + rows) * size);
  return { value: x, down: error, up: error, bytes: wholeBytes(part, x.shape, normalization) };
};

const explainPart = (difference: Difference, pass: Pass, from: number): void => {
  const { model, outputs, wanted, allowed } = difference;
  const end = evaluateForced(model, startOf(difference, from, pass.rows), pass);
  const width = end.value.size / pass.rows;
  const part = (all: Float32Array): tf.Tensor =>
    tf.tensor(all.subarray(from * width, (from + pass.rows) * width), end.value.shape);
  const got = part(outputs);
  const free = tf.tensor1d(Float32Array.from(allowed));
  const [least, most] = [tf.sub(end.value, tf.add(end.down, free)), tf.add(end.value, tf.add(end.up, free))];
  const within = (x: tf.Tensor): tf.Tensor => tf.logicalAnd(tf.greaterEqual(x, least), tf.lessEqual(x, most));
  note(pass, within(got), 'the output, with the signs of all layers explained');
  // The graph's own outputs are elsewhere where its signs are.
  mark(pass, pass.tied, within(part(wanted)));
};

/** Explains differences; see the head of this file. */
export async function explain(difference: Difference): Promise<Explanation> {
  const { model, packed, engine, samples, values } = difference;
  const size = elementCount(packed.plan.buffers[packed.plan.input]!.shape);
  const rows = samples.length / size;
  const tap = tapped(packed);
  const taps = tap && elementCount(tap.model.plan.buffers[tap.model.plan.output]!.shape);
  const step = Math.max(
    1,
    Math.min(64, Math.floor(mostElements / Math.max(taps ?? 1, values.length / rows))),
  );
  const executable = tap && (await engine.compile(tap.model));
  const explained: boolean[] = [];
  const tied: boolean[] = [];
  let where: string | undefined;
  try {
    for (let from = 0; from < rows; from += step) {
      const part = samples.subarray(from * size, (from + step) * size);
      const count = part.length / size;
      const signs = executable ? await executable.runAsync(part) : new Float32Array(0);
      const marks = { beyond: new Uint8Array(count), tied: new Uint8Array(count) };
      const pass: Pass = { rows: count, ...marks, next: signsOf(tap, signs, count) };
      withHardened(model, () => tidied(() => explainPart(difference, pass, from)));
      where ??= pass.where;
      marks.beyond.forEach((b) => explained.push(b === 0));
      marks.tied.forEach((b) => tied.push(b !== 0));
      if (explained.filter((fine) => !fine).length > difference.most) break;
    }
  } finally {
    executable?.dispose();
  }
  return { explained, tied, ...(where !== undefined && { where }) };
}
