// Finds thresholds by asking the graph: the pending functions and the quantizer are run, in the graph's own float32
// arithmetic, on the values that can occur, and the value where the sign changes becomes the threshold. So a folded sign
// equals the graph's sign on every input, whatever the layers between are, with gamma <= 0 and rounding included.
import { BitgradError } from '@bitgrad/runtime';
import type { Values } from './value.js';

/** Runs the pending functions on rows of `channels` values, row-major, and gives the codes +1 / -1 of each. */
export type Evaluate = (values: Float32Array, rows: number) => Values;

/** Threshold of one channel, as the plan's `threshold` op takes it: bit = (x < t ? 1 : 0) xor flip. */
export interface Threshold {
  readonly t: number;
  readonly flip: 0 | 1;
}

const lowest = -(2 ** 31);
/** Elements probed at a time. */
const chunk = 1 << 20;
/** Integer ranges up to this length are probed at every integer; longer ones at this many points, then by bisection. */
const exhaustive = 1 << 15;

const notMonotone = (name: string, channel: number): never => {
  throw new BitgradError({
    code: 'unsupported-op',
    source: 'compiler',
    what: `layer "${name}": the sign of channel ${channel} changes more than once over its input, so it is no threshold`,
    next: 'Use a monotone activation between the product and the sign, or put the sign before it.',
  });
};

/** Probes the same ascending points in every channel; calls back with the codes of each row. */
const scan = (
  points: Float32Array,
  channels: number,
  evaluate: Evaluate,
  visit: (row: number, codes: Values) => void,
): void => {
  const rows = Math.max(1, Math.floor(chunk / channels));
  for (let at = 0; at < points.length; at += rows) {
    const part = points.subarray(at, at + rows);
    const values = new Float32Array(part.length * channels);
    part.forEach((x, i) => values.fill(x, i * channels, (i + 1) * channels));
    const codes = evaluate(values, part.length);
    part.forEach((_, i) => visit(at + i, codes.subarray(i * channels, (i + 1) * channels)));
  }
};

/** For each channel the code at the first point and the row where it changes (points.length: never). */
const changes = (points: Float32Array, channels: number, evaluate: Evaluate, name: string) => {
  const first = new Float32Array(channels);
  const at = new Int32Array(channels).fill(points.length);
  scan(points, channels, evaluate, (row, codes) => {
    if (row === 0) first.set(codes);
    else
      for (let c = 0; c < channels; c++) {
        const changed = codes[c] !== first[c];
        if (changed && at[c] === points.length) at[c] = row;
        else if (!changed && at[c]! < row) notMonotone(name, c);
      }
  });
  return { first, at };
};

/** Narrows each channel's change from between two neighbouring points to neighbouring representable values. */
const bisect = (
  low: Float64Array,
  high: Float64Array,
  first: Float32Array,
  evaluate: Evaluate,
  middle: (a: number, b: number) => number | undefined,
): void => {
  for (;;) {
    let open = false;
    const values = new Float32Array(low.length);
    for (let c = 0; c < low.length; c++) {
      const m = middle(low[c]!, high[c]!);
      open ||= m !== undefined;
      values[c] = m ?? high[c]!;
    }
    if (!open) return;
    const codes = evaluate(values, 1);
    for (let c = 0; c < low.length; c++) {
      if (middle(low[c]!, high[c]!) === undefined) continue;
      if (codes[c] === first[c]) low[c] = values[c]!;
      else high[c] = values[c]!;
    }
  }
};

const toThresholds = (
  first: Float32Array,
  changesAt: (c: number) => number | undefined,
  bottom: number,
): Threshold[] =>
  Array.from(first, (code, c) => {
    const t = changesAt(c);
    // -1 below, +1 from t on: no flip. +1 below: flipped. No change: constant.
    if (t === undefined) return { t: bottom, flip: code > 0 ? 0 : 1 };
    return { t, flip: code > 0 ? 1 : 0 };
  });

/**
 * Thresholds of integer values in [low, high].
 * @throws BitgradError `unsupported-op` when the sign changes more than once in a channel
 */
export function integerThresholds(
  [low, high]: readonly [number, number],
  channels: number,
  evaluate: Evaluate,
  name: string,
): Threshold[] {
  const count = high - low + 1;
  const steps = Math.min(count, exhaustive);
  const points = Float32Array.from({ length: steps }, (_, i) =>
    steps === count ? low + i : Math.round(low + (i * (high - low)) / (steps - 1)),
  );
  const { first, at } = changes(points, channels, evaluate, name);
  const from = Float64Array.from(at, (row) => points[Math.max(0, Math.min(row, steps - 1) - 1)]!);
  const to = Float64Array.from(at, (row) => points[Math.min(row, steps - 1)]!);
  // Beyond 2^24 not every integer is a float32; the graph has none between two that follow each other.
  bisect(from, to, first, evaluate, (a, b) => {
    const middle = Math.fround(Math.floor((a + b) / 2));
    return middle > a && middle < b ? middle : undefined;
  });
  return toThresholds(first, (c) => (at[c] === steps ? undefined : to[c]), lowest);
}

// float32 values in ascending order as integers, so that a bisection takes at most 32 steps.
const view = new DataView(new ArrayBuffer(4));
const order = (x: number): number => {
  view.setFloat32(0, x);
  const bits = view.getInt32(0);
  return bits >= 0 ? bits : lowest - bits;
};
const fromOrder = (i: number): number => {
  view.setInt32(0, i >= 0 ? i : lowest - i);
  return view.getFloat32(0);
};

/**
 * Thresholds of float32 values; -0 and +0 are one value.
 * @throws BitgradError `unsupported-op` when the sign changes more than once in a channel
 */
export function floatThresholds(channels: number, evaluate: Evaluate, name: string): Threshold[] {
  // Every quarter octave, both signs: dense enough to see a second change of any smooth activation.
  const magnitudes = Array.from({ length: 4 * 160 }, (_, i) => Math.fround(2 ** (i / 4 - 100)));
  const points = Float32Array.from([...magnitudes.toReversed().map((m) => -m), 0, ...magnitudes]);
  const { first, at } = changes(points, channels, evaluate, name);
  const last = points.length - 1;
  const from = Float64Array.from(at, (row) => points[Math.max(0, Math.min(row, last) - 1)]!);
  const to = Float64Array.from(at, (row) => points[Math.min(row, last)]!);
  bisect(from, to, first, evaluate, (a, b) => {
    const [i, j] = [order(a), order(b)];
    return j - i > 1 ? fromOrder(Math.floor((i + j) / 2)) : undefined;
  });
  return toThresholds(
    first,
    (c) => (at[c] === points.length ? undefined : to[c]! + 0),
    -3.4028234663852886e38,
  );
}
