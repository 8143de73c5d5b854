// The three conditions under which (F, B) admits the decomposition F = T o P, B = T' o P with P proximal
// (arXiv 2402.17710): P(w) = integral of dF / B must exist and be nondecreasing, and T must be a function of it.
import type { Cell, CellGrid, ScalarPair } from './cells.js';
import { divergences } from './integrable.js';
import { varyingBackward } from './stillness.js';
import {
  type Condition,
  type Violation,
  show,
  at,
  meanB,
  isDead,
  movesAgainst,
  deadShare,
} from './violation.js';

/**
 * Checks the conditions.
 * @param tolerance violations up to this share of the range of F (conditions 1 and 2: how far F moves against B) or of
 *   max |B| (condition 3: how much B varies) are not reported
 */
export const findViolations = (pair: ScalarPair, grid: CellGrid, tolerance: number): Violation[] =>
  grid.unresolved
    ? [notResolved(grid.unresolved, grid.cells.length)]
    : [
        ...wrongSigns(grid, tolerance),
        ...wrongJumps(grid, tolerance),
        ...varyingBackward(grid, tolerance),
        ...divergences(pair, grid, tolerance),
      ].sort((x, y) => x.interval[0] - y.interval[0]);

/** What varies too fast to be integrated is not known to have a P. */
const notResolved = (interval: readonly [number, number], cells: number): Violation => ({
  condition: 4,
  interval,
  at: interval[0],
  explanation:
    `On ${at(interval)} F or B varies too fast for ${cells} samples: whether P exists cannot be told. ` +
    `A smaller range, or declared points, would help.`,
});

/** Conditions 1 and 2 on cells: runs where dF / B is negative or B is 0 while F moves. */
function wrongSigns(grid: CellGrid, tolerance: number): Violation[] {
  const { cells, jumps, rangeF, maxB } = grid;
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
    const bad = movesAgainst(cell, grid);
    const kind: Condition = isDead(cell, maxB) ? 2 : 1;
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
