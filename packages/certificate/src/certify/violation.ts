// What a violation is, and what of a cell decides about it.
import type { Cell, CellGrid } from './cells.js';

/**
 * Which condition fails:
 * 1. where F moves or jumps, B is nonzero and has the sign of dF;
 * 2. where B is 0 on an interval, F is constant there;
 * 3. where F is constant and B is nonzero on an interval, B is constant there, and between its values beside it where F
 *    goes on on both sides;
 * 4. where B goes to 0 and F moves, the integral of dF / B converges. It counts as failing where the samples cannot tell.
 */
export type Condition = 1 | 2 | 3 | 4;

/** One place where a condition fails. */
export interface Violation {
  readonly condition: Condition;
  /** Where it fails, as far as the samples tell. */
  readonly interval: readonly [number, number];
  /** The worst point, or the jump. */
  readonly at: number;
  readonly explanation: string;
}

/** A backward below this share of max |B| counts as 0 where F moves: P would have to move without bound. */
export const deadShare = 1e-12;

/** A number in an explanation. */
export const show = (x: number): string => {
  const rounded = Number(x.toPrecision(4));
  return Object.is(rounded, -0) ? '0' : String(rounded);
};
/** An interval in an explanation. */
export const at = ([a, b]: readonly [number, number]): string => `[${show(a)}, ${show(b)}]`;

/** Simpson's mean of B over a cell. */
export const meanB = ({ Ba, Bm, Bb }: Cell): number => (Ba + 4 * Bm + Bb) / 6;

/** True where F moves by no more than rounding. */
export const isFlat = ({ Fa, Fm, Fb }: Cell, noiseF: number): boolean =>
  Math.max(Math.abs(Fm - Fa), Math.abs(Fb - Fm), Math.abs(Fb - Fa)) <= noiseF;

/** True where B is 0. */
export const isDead = (cell: Cell, maxB: number): boolean => Math.abs(meanB(cell)) <= deadShare * maxB;

/** True where F moves while B is 0 or has the wrong sign. */
export const movesAgainst = (cell: Cell, { noiseF, maxB }: CellGrid): boolean =>
  !isFlat(cell, noiseF) && (isDead(cell, maxB) || (cell.Fb - cell.Fa) * meanB(cell) < 0);
