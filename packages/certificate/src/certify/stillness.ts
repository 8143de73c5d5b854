// Condition 3: where F stands still and B is not 0, P stands still, and B = T'(P) with it.
import type { Cell, CellGrid } from './cells.js';
import { at, isDead, isFlat, movesAgainst, show, type Violation } from './violation.js';

/** Neighbouring cells on which F stands still. */
interface Run {
  first: number;
  last: number;
  low: number;
  high: number;
}

/**
 * Runs of cells where F stands still and B is not 0. What condition 1 forgives as rounding, F against B within the
 * tolerance, is standing still too, and so is what F moves between two such cells, as long as all of it is within the
 * tolerance: otherwise a wiggle of 1e-10 would hide that B varies.
 */
function standingStill(grid: CellGrid, tolerance: number): Run[] {
  const { cells, jumps, rangeF, maxB, noiseF } = grid;
  const runs: Run[] = [];
  let run: Run | undefined;
  const close = (): void => {
    if (run) runs.push(run);
    run = undefined;
  };
  cells.forEach((cell, i) => {
    const { Fa, Fm, Fb, Ba, Bm, Bb } = cell;
    const live = Math.max(Math.abs(Ba), Math.abs(Bm), Math.abs(Bb)) > tolerance * maxB;
    const [low, high] = [Math.min(Fa, Fm, Fb), Math.max(Fa, Fm, Fb)];
    const wide = high - low > tolerance * rangeF;
    const jumped = Math.abs(jumps.get(i)?.height ?? 0) > Math.max(noiseF, tolerance * rangeF);
    const within = (r: Run) => Math.max(r.high, high) - Math.min(r.low, low) <= tolerance * rangeF + noiseF;
    if (!live || jumped || (run && !within(run))) close();
    if (!live || wide) return;
    if (isFlat(cell, noiseF) || movesAgainst(cell, grid)) {
      run ??= { first: i, last: i, low, high };
      run.last = i;
      run.low = Math.min(run.low, low);
      run.high = Math.max(run.high, high);
    }
  });
  close();
  return runs;
}

type Sample = readonly [x: number, B: number];

const samplesOf = ({ a, b, Ba, Bm, Bb }: Cell): Sample[] => [
  [a, Ba],
  [(a + b) / 2, Bm],
  [b, Bb],
];

const ends = (samples: readonly Sample[]) => ({
  low: samples.reduce((x, y) => (y[1] < x[1] ? y : x)),
  high: samples.reduce((x, y) => (y[1] > x[1] ? y : x)),
});

/** Condition 3: runs where F is constant, B is not 0, and varies or stands apart from B beside the run. */
export function varyingBackward(grid: CellGrid, tolerance: number): Violation[] {
  const found: Violation[] = [];
  for (const run of standingStill(grid, tolerance)) {
    const cells = grid.cells.slice(run.first, run.last + 1);
    const samples = cells.flatMap(samplesOf);
    const { low, high } = ends(samples);
    const interval = [cells[0]!.a, cells.at(-1)!.b] as const;
    const constant = `On ${at(interval)} F is constant (${show(cells[0]!.Fa)}) while B`;
    if (high[1] - low[1] > tolerance * grid.maxB) {
      const typical = samples[samples.length >> 1]![1];
      const worst = Math.abs(low[1] - typical) > Math.abs(high[1] - typical) ? low : high;
      found.push({
        condition: 3,
        interval,
        at: worst[0],
        explanation:
          `${constant} varies from ${show(low[1])} at ${show(low[0])} to ${show(high[1])} at ${show(high[0])}: ` +
          `P is constant there, so B = T'(P) has to be too.`,
      });
      continue;
    }
    const beside = besides(grid, run, tolerance);
    if (beside && (low[1] > beside.high || high[1] < beside.low))
      found.push({
        condition: 3,
        interval,
        at: interval[0],
        explanation:
          `${constant} is ${show(low[1])}, and beside it, where F moves, from ${show(beside.least)} to ` +
          `${show(beside.most)}: T' would have a value at one point that it has on neither side.`,
      });
  }
  return found;
}

/** B beside a run where F goes on on both sides, with the room that its own variation there asks for. */
function besides(grid: CellGrid, { first, last }: Run, tolerance: number) {
  const { cells, jumps, rangeF, maxB, noiseF } = grid;
  const [left, right] = [cells[first - 1], cells[last + 1]];
  const jumped = [first, last + 1].some((i) => Math.abs(jumps.get(i)?.height ?? 0) > tolerance * rangeF);
  if (!left || !right || jumped) return undefined;
  if ([left, right].some((cell) => isFlat(cell, noiseF) || isDead(cell, maxB))) return undefined;
  const [l, r] = [ends(samplesOf(left)), ends(samplesOf(right))];
  const [least, most] = [Math.min(l.low[1], r.low[1]), Math.max(l.high[1], r.high[1])];
  const room = Math.max(l.high[1] - l.low[1], r.high[1] - r.low[1], 1e-4 * maxB);
  return { least, most, low: least - room, high: most + room };
}
