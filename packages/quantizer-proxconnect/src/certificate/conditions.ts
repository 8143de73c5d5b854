// The three conditions under which (F, B) admits the decomposition F = T o P, B = T' o P with P proximal
// (arXiv 2402.17710): P(w) = integral of dF / B must exist and be nondecreasing, and T must be a function of it.
import { roundingShare, type Cell, type CellGrid } from './cells.js';

/**
 * Which condition fails:
 * 1. where F moves or jumps, B is nonzero and has the sign of dF;
 * 2. where B is 0 on an interval, F is constant there;
 * 3. where F is constant and B is nonzero on an interval, B is constant there.
 */
export type Condition = 1 | 2 | 3;

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
const deadShare = 1e-12;

const show = (x: number): string => {
  const rounded = Number(x.toPrecision(4));
  return Object.is(rounded, -0) ? '0' : String(rounded);
};
const at = ([a, b]: readonly [number, number]): string => `[${show(a)}, ${show(b)}]`;

/** Simpson's mean of B over a cell. */
export const meanB = ({ Ba, Bm, Bb }: Cell): number => (Ba + 4 * Bm + Bb) / 6;

/** True where F moves by no more than rounding. */
export const isFlat = ({ Fa, Fm, Fb }: Cell, rangeF: number): boolean =>
  Math.max(Math.abs(Fm - Fa), Math.abs(Fb - Fm), Math.abs(Fb - Fa)) <= roundingShare * rangeF;

/**
 * Checks the conditions.
 * @param tolerance violations up to this share of the range of F (conditions 1 and 2: how far F moves against B) or of
 *   max |B| (condition 3: how much B varies) are not reported
 */
export const findViolations = (grid: CellGrid, tolerance: number): Violation[] =>
  [...wrongSigns(grid, tolerance), ...wrongJumps(grid, tolerance), ...varyingBackward(grid, tolerance)].sort(
    (x, y) => x.interval[0] - y.interval[0],
  );

/** Conditions 1 and 2 on cells: runs where dF / B is negative or B is 0 while F moves. */
function wrongSigns({ cells, jumps, rangeF, maxB }: CellGrid, tolerance: number): Violation[] {
  const found: Violation[] = [];
  let run: Cell[] = [];
  let condition: Condition = 1;
  const close = (): void => {
    const moved = run.reduce((sum, cell) => sum + cell.Fb - cell.Fa, 0);
    if (run.length > 0 && Math.abs(moved) > tolerance * rangeF) {
      const interval = [run[0]!.a, run.at(-1)!.b] as const;
      const worst = run.reduce((x, y) => (Math.abs(y.Fb - y.Fa) > Math.abs(x.Fb - x.Fa) ? y : x));
      const how = moved > 0 ? 'rises' : 'falls';
      const why =
        condition === 2
          ? 'while B is 0: the gradient cannot move what F moves'
          : `while B is ${meanB(worst) > 0 ? 'positive' : 'negative'}: the integral of dF / B decreases, and a proximal map cannot`;
      found.push({
        condition,
        interval,
        at: (worst.a + worst.b) / 2,
        explanation: `On ${at(interval)} F ${how} by ${show(Math.abs(moved))} ${why}.`,
      });
    }
    run = [];
  };
  cells.forEach((cell, i) => {
    const b = meanB(cell);
    const dead = Math.abs(b) <= deadShare * maxB;
    const bad = !isFlat(cell, rangeF) && (dead || (cell.Fb - cell.Fa) * b < 0);
    const kind: Condition = dead ? 2 : 1;
    if (!bad || jumps.has(i) || kind !== condition) close();
    if (bad) {
      condition = kind;
      run.push(cell);
    }
  });
  close();
  return found;
}

/** Condition 1 at jumps of F. */
const wrongJumps = ({ jumps, rangeF, maxB }: CellGrid, tolerance: number): Violation[] =>
  [...jumps.values()]
    .filter(
      ({ height, B }) =>
        Math.abs(height) > tolerance * rangeF && (height * B <= 0 || Math.abs(B) <= deadShare * maxB),
    )
    .map(({ at: place, height, B }) => ({
      condition: 1,
      interval: [place, place],
      at: place,
      explanation:
        `At ${show(place)} F jumps by ${show(height)}` +
        (Math.abs(B) <= deadShare * maxB
          ? ' where B is 0: P would have to jump without bound.'
          : ` where B is ${show(B)}: P would have to jump down.`),
    }));

/** Condition 3: runs where F is constant, B is not 0 and varies. */
function varyingBackward({ cells, jumps, rangeF, maxB }: CellGrid, tolerance: number): Violation[] {
  const found: Violation[] = [];
  const zero = tolerance * maxB;
  let run: Cell[] = [];
  const close = (): void => {
    if (run.length > 0) {
      const samples = run.flatMap(({ a, b, Ba, Bm, Bb }) => [
        [a, Ba] as const,
        [(a + b) / 2, Bm] as const,
        [b, Bb] as const,
      ]);
      const low = samples.reduce((x, y) => (y[1] < x[1] ? y : x));
      const high = samples.reduce((x, y) => (y[1] > x[1] ? y : x));
      if (high[1] - low[1] > tolerance * maxB) {
        const interval = [run[0]!.a, run.at(-1)!.b] as const;
        const typical = samples[samples.length >> 1]![1];
        const worst = Math.abs(low[1] - typical) > Math.abs(high[1] - typical) ? low : high;
        found.push({
          condition: 3,
          interval,
          at: worst[0],
          explanation:
            `On ${at(interval)} F is constant (${show(run[0]!.Fa)}) while B varies from ${show(low[1])} at ` +
            `${show(low[0])} to ${show(high[1])} at ${show(high[0])}: P is constant there, so B = T'(P) has to be too.`,
        });
      }
    }
    run = [];
  };
  cells.forEach((cell, i) => {
    const live = Math.max(Math.abs(cell.Ba), Math.abs(cell.Bm), Math.abs(cell.Bb)) > zero;
    const counts = live && isFlat(cell, rangeF);
    if (!counts || jumps.has(i)) close();
    if (counts) run.push(cell);
  });
  close();
  return found;
}
