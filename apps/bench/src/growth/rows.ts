// Times along an axis, and how steep they are.
import type { Axis, Kind, Point } from './axes.js';

/** One network with one runner. */
export interface GrowthRow {
  readonly kind: Kind;
  readonly axis: Axis;
  readonly net: string;
  readonly runner: string;
  readonly point: Point;
  /** Multiply-accumulates of a call or a step's forward pass, all examples. */
  readonly macs: number;
  /** Median milliseconds of a call or a step; null when it did not run, and `reason` says why. */
  readonly medianMs: number | null;
  readonly reason?: string;
}

/** A row with what it is compared with: the one before it of the same runner on the same axis. */
export interface Slope extends GrowthRow {
  /**
   * By which power of the work the time grew since the row before: 1 is linear, less is better than linear, more is worse.
   * Null for the first, and on threads, where the work is the same.
   */
  readonly power: number | null;
  /** How many times faster than with one thread; null but on threads. */
  readonly gain: number | null;
}

/** From here on growth counts as worse than linear: a tenth is what medians of a busy machine differ by. */
export const steep = 1.1;

/** Rows with their slopes, in the same order. */
export function slopes(rows: readonly GrowthRow[]): Slope[] {
  const last = new Map<string, GrowthRow>();
  return rows.map((row) => {
    const key = [row.kind, row.axis, row.runner].join();
    const before = last.get(key);
    if (row.medianMs !== null) last.set(key, row);
    if (!before || before.medianMs === null || row.medianMs === null) return { ...row, power: null, gain: null }; // prettier-ignore
    const times = row.medianMs / before.medianMs;
    if (row.axis === 'threads') return { ...row, power: null, gain: 1 / times };
    return { ...row, power: Math.log(times) / Math.log(row.macs / before.macs), gain: null };
  });
}
