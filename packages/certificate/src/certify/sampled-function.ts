// A function known at sample points: piecewise linear in between, with jumps where a point is listed twice.
import { BitgradError } from '@bitgrad/core';

/** A sampled function of one variable. */
export interface SampledFunction {
  /** Sample points, ascending; a jump lists its point twice, left limit first. */
  readonly x: Float64Array;
  /** Values at the sample points. */
  readonly y: Float64Array;
  /** The value at any point: linear between samples, the right limit at a jump; `outside` beyond the samples. */
  at(x: number): number;
}

/**
 * Makes a sampled function.
 * @param outside value beyond the samples: `'hold'` repeats the end values, a number is returned as it is
 * @throws BitgradError `shape-mismatch` without samples or when x and y differ in length
 */
export function sampledFunction(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  outside: 'hold' | number = 'hold',
): SampledFunction {
  if (x.length === 0 || x.length !== y.length)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'certificate',
      what: 'samples of a function',
      got: [x.length, y.length],
      expected: 'as many values as points, at least one',
    });
  const xs = Float64Array.from(x);
  const ys = Float64Array.from(y);
  const last = xs.length - 1;
  const at = (p: number): number => {
    if (Number.isNaN(p)) return NaN;
    if (p < xs[0]! || p > xs[last]!) return outside === 'hold' ? (p < xs[0]! ? ys[0]! : ys[last]!) : outside;
    // The last sample at or left of p, so that a jump gives its right limit.
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (xs[middle]! <= p) low = middle;
      else high = middle - 1;
    }
    if (low === last) return ys[last]!;
    const width = xs[low + 1]! - xs[low]!;
    return ys[low]! + ((ys[low + 1]! - ys[low]!) * (p - xs[low]!)) / width;
  };
  return Object.freeze({ x: xs, y: ys, at });
}
