// A histogram of a layer's thresholds, as numbers and as a line of text.

/** Counts in equal bins. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
  /** Thresholds that no input reaches: the channel is constant. */
  readonly constant: number;
  /** One character a bin. */
  readonly bars: string;
}

const levels = ' ▁▂▃▄▅▆▇█';

/** Magnitudes from here on stand for "no threshold". */
const unreachable = 2 ** 31 - 1;

/**
 * Counts values in equal bins from the smallest to the largest, those without a threshold apart.
 * @param bins >= 1, default 24
 */
export function histogram(values: ArrayLike<number>, bins = 24): Histogram {
  const all = Array.from(values);
  const real = all.filter((v) => Math.abs(v) < unreachable);
  const counts = new Array<number>(bins).fill(0);
  // Not Math.min(...real): as many arguments as a layer may have thresholds overflow the stack.
  const low = real.reduce((a, b) => Math.min(a, b), Infinity);
  const high = real.reduce((a, b) => Math.max(a, b), -Infinity);
  for (const v of real) counts[Math.min(bins - 1, Math.floor(((v - low) / (high - low || 1)) * bins))]! += 1;
  const most = Math.max(...counts, 1);
  const bars = counts.map((n) => levels[n === 0 ? 0 : Math.ceil((n / most) * (levels.length - 1))]).join('');
  return {
    low: real.length > 0 ? low : 0,
    high: real.length > 0 ? high : 0,
    counts,
    constant: all.length - real.length,
    bars,
  };
}
