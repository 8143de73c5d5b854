// What padded taps add to an integer sum. Positions that pad the same taps form a class; for each class and
// output channel a table holds the value that the sum starts from.
import type { Window } from '@bitgrad/runtime';

/** Start values of sums by position. */
export interface Initial {
  /** i32 [classes][channels, rounded up to 64]. */
  table: Int32Array | Int16Array;
  /** Byte offset in the table by output row and column; absent when all positions are alike. */
  rows?: Int32Array;
  columns?: Int32Array;
}

const stride = (channels: number): number => Math.ceil(channels / 64) * 64;

/** The same start value everywhere. */
export const uniform = (channels: number, value: number): Initial => ({
  table: new Int32Array(stride(channels)).fill(value),
});

/** For each output position on one axis the range of real taps, as classes. */
function classesOf(
  { kernel, strides, dilations, pads }: Window,
  axis: 0 | 1,
  size: number,
  outputs: number,
): { ranges: [number, number][]; of: number[] } {
  const keys = new Map<string, number>();
  const ranges: [number, number][] = [];
  const of = Array.from({ length: outputs }, (_, y) => {
    const at = y * strides[axis] - pads[axis];
    const d = dilations[axis];
    const from = at < 0 ? Math.min(kernel[axis], Math.ceil(-at / d)) : 0;
    const to = Math.max(from, at >= size ? 0 : Math.min(kernel[axis], Math.floor((size - 1 - at) / d) + 1));
    const key = `${from},${to}`;
    if (!keys.has(key)) {
      keys.set(key, ranges.length);
      ranges.push([from, to]);
    }
    return keys.get(key)!;
  });
  return { ranges, of };
}

/**
 * Start values `base + factor * (sum over padded taps of tapSums)`.
 * @param tapSums i32 [channels][taps]: sum of the weights of each tap
 * @param claim called with the size of the table before it is made
 */
export function paddedInitial(
  window: Window,
  input: { h: number; w: number },
  output: { h: number; w: number; c: number },
  tapSums: Int32Array,
  base: number,
  factor: number,
  claim: (bytes: number) => void,
): Initial {
  const [height, width] = window.kernel;
  const y = classesOf(window, 0, input.h, output.h);
  const x = classesOf(window, 1, input.w, output.w);
  const n = stride(output.c);
  claim(y.ranges.length * x.ranges.length * n * 4);
  const table = new Int32Array(y.ranges.length * x.ranges.length * n);
  // Sums over the taps above and left of (i, j), so that any rectangle of real taps takes four reads, here by class.
  const line = width + 1;
  const sums = new Int32Array((height + 1) * line);
  const corners = Int32Array.from(
    y.ranges.flatMap(([y0, y1]) =>
      x.ranges.flatMap(([x0, x1]) => [y1 * line + x1, y0 * line + x1, y1 * line + x0, y0 * line + x0]),
    ),
  );
  const taps = height * width;
  // Plain loops: this runs once, mostly before it is compiled.
  for (let c = 0; c < output.c; c++) {
    let tap = c * taps;
    for (let i = 1; i <= height; i++)
      for (let at = i * line + 1; at < (i + 1) * line; at++)
        sums[at] = sums[at - line]! + sums[at - 1]! - sums[at - line - 1]! + tapSums[tap++]!;
    const all = sums[sums.length - 1]!;
    for (let q = 0, k = c; q < corners.length; q += 4, k += n) {
      const real =
        sums[corners[q]!]! - sums[corners[q + 1]!]! - sums[corners[q + 2]!]! + sums[corners[q + 3]!]!;
      table[k] = base + factor * (all - real);
    }
  }
  return {
    table,
    rows: Int32Array.from(y.of, (k) => k * x.ranges.length * n * 4),
    columns: Int32Array.from(x.of, (k) => k * n * 4),
  };
}

/**
 * The threshold after a binary product, as limits of the counts of differing levels: initial - 2 * count < t
 * just if count > floor((initial - t) / 2).
 * @param t i32 [channels]; unused channels get a limit that no count exceeds
 */
export function countLimits({ table, rows, columns }: Initial, t: ArrayLike<number>): Initial {
  const n = stride(t.length);
  const half = (offsets: Int32Array | undefined): Int32Array | undefined => offsets?.map((k) => k / 2);
  const [y, x] = [half(rows), half(columns)];
  const limits = new Int16Array(table.length).fill(32767);
  for (let from = 0; from < limits.length; from += n)
    for (let i = 0; i < t.length; i++)
      limits[from + i] = Math.max(-1, Math.min(32767, Math.floor((table[from + i]! - t[i]!) / 2)));
  return { table: limits, ...(y && { rows: y }), ...(x && { columns: x }) };
}
