// What padded taps add to an integer sum. Positions that pad the same taps form a class; for each class and
// output channel a table holds the value that the sum starts from.
import { windowPositions } from '@bitgrad/bits';
import type { Window } from '@bitgrad/runtime';
import { align } from './tensors.js';

/** An array that is made when its memory was claimed. */
interface Deferred<Data extends ArrayBufferView> {
  bytes: number;
  make: () => Data;
}

/** Start values of sums by position. */
export interface Initial {
  /** i32 [classes][channels, rounded up to 64], or limits of counts in i16. */
  table: Deferred<Int32Array | Int16Array>;
  /** Byte offset in the table by output row and column; absent when all positions are alike. */
  rows?: Deferred<Int32Array>;
  columns?: Deferred<Int32Array>;
}

/** The same start value everywhere. */
export const uniform = (channels: number, value: number): Initial => ({
  table: { bytes: 4 * align(channels), make: () => new Int32Array(align(channels)).fill(value) },
});

/** Output positions on one axis: ranges of real taps, and which of them a position has. */
interface Classes {
  ranges: [number, number][];
  /** Class of every position outside the inner ones, which have all taps: class 0. */
  edges: (readonly [position: number, index: number])[];
}

/** The classes of an axis. Only positions near its ends pad taps, so that a long axis costs no more than a short one. */
function classesOf(
  { kernel, strides, dilations, pads }: Window,
  axis: 0 | 1,
  size: number,
  outputs: number,
): Classes {
  const [k, d, stride, pad] = [kernel[axis], dilations[axis], strides[axis], pads[axis]];
  const inner = Math.min(outputs, Math.ceil(pad / stride));
  const outer = Math.max(inner, Math.min(outputs, windowPositions(size + pad, k, stride, d)));
  const ranges: [number, number][] = [[0, k]];
  const known = new Map([[k, 0]]);
  const edges: (readonly [number, number])[] = [];
  for (let y = 0; y < outputs; y++) {
    if (y === inner) y = outer;
    if (y >= outputs) break;
    const at = y * stride - pad;
    const from = at < 0 ? Math.min(k, Math.ceil(-at / d)) : 0;
    const to = Math.max(from, at >= size ? 0 : Math.min(k, Math.floor((size - 1 - at) / d) + 1));
    const key = from * 2e6 + to;
    if (!known.has(key)) known.set(key, ranges.push([from, to]) - 1);
    edges.push([y, known.get(key)!]);
  }
  return { ranges, edges };
}

/** Offsets by position, `unit` bytes from class to class. */
const offsets = ({ edges }: Classes, outputs: number, unit: number): Deferred<Int32Array> => ({
  bytes: 4 * outputs,
  make: () => {
    const all = new Int32Array(outputs);
    for (const [position, index] of edges) all[position] = index * unit;
    return all;
  },
});

/**
 * Start values `base + factor * (sum over padded taps of tapSums)`.
 * @param tapSums makes i32 [channels][taps]: sum of the weights of each tap
 */
export function paddedInitial(
  window: Window,
  input: { h: number; w: number },
  output: { h: number; w: number; c: number },
  tapSums: () => Int32Array,
  base: number,
  factor: number,
): Initial {
  const [height, width] = window.kernel;
  const y = classesOf(window, 0, input.h, output.h);
  const x = classesOf(window, 1, input.w, output.w);
  const n = align(output.c);
  const make = (): Int32Array => {
    const table = new Int32Array(y.ranges.length * x.ranges.length * n);
    const weights = tapSums();
    // Sums over the taps above and left of (i, j), so that any rectangle of real taps takes four reads, here by class.
    const line = width + 1;
    const sums = new Int32Array((height + 1) * line);
    const corners = new Int32Array((table.length / n) * 4);
    let end = 0;
    for (const [y0, y1] of y.ranges)
      for (const [x0, x1] of x.ranges) {
        corners.set([y1 * line + x1, y0 * line + x1, y1 * line + x0, y0 * line + x0], end);
        end += 4;
      }
    // Plain loops: this runs once, mostly before it is compiled.
    for (let c = 0, tap = 0; c < output.c; c++) {
      for (let i = 1; i <= height; i++)
        for (let at = i * line + 1; at < (i + 1) * line; at++)
          sums[at] = sums[at - line]! + sums[at - 1]! - sums[at - line - 1]! + weights[tap++]!;
      const all = sums[sums.length - 1]!;
      for (let q = 0, k = c; q < end; q += 4, k += n) {
        const real =
          sums[corners[q]!]! - sums[corners[q + 1]!]! - sums[corners[q + 2]!]! + sums[corners[q + 3]!]!;
        table[k] = base + factor * (all - real);
      }
    }
    return table;
  };
  return {
    table: { bytes: 4 * y.ranges.length * x.ranges.length * n, make },
    rows: offsets(y, output.h, x.ranges.length * n * 4),
    columns: offsets(x, output.w, n * 4),
  };
}

/**
 * The threshold after a binary product, as limits of the counts of differing levels: initial - 2 * count < t
 * just if count > floor((initial - t) / 2).
 * @param t i32 [channels]; unused channels get a limit that no count exceeds
 */
export function countLimits({ table, rows, columns }: Initial, t: ArrayLike<number>): Initial {
  const n = align(t.length);
  const half = ({ bytes, make }: Deferred<Int32Array>): Deferred<Int32Array> => ({
    bytes,
    make: () => make().map((k) => k / 2),
  });
  const make = (): Int16Array => {
    const sums = table.make();
    const limits = new Int16Array(sums.length).fill(32767);
    for (let from = 0; from < limits.length; from += n)
      for (let i = 0; i < t.length; i++)
        limits[from + i] = Math.max(-1, Math.min(32767, Math.floor((sums[from + i]! - t[i]!) / 2)));
    return limits;
  };
  return {
    table: { bytes: table.bytes / 2, make },
    ...(rows && { rows: half(rows) }),
    ...(columns && { columns: half(columns) }),
  };
}
