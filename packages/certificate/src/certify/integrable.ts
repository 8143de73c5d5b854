// Condition 4: P = integral of dF / B exists. B may go to 0 where F moves, within or at the end of an interval, only if
// dF / B stays integrable there: F' / B ~ |x - b|^-a with a < 1. Told by how the increments of P over [b - 2e, b - e]
// decay as e halves.
import type { CellGrid, ScalarPair } from './cells.js';
import { show, type Violation } from './violation.js';

/** Where |B| comes closer to 0 than this share of its maximum, it may be 0. */
const nearZero = 1e-3;
/** |B| below this share of its maximum is not told from 0: an increment of P that needs it is not used. */
const lost = 1e-13;
/** A change of F below this share of its size is lost in rounding. */
const measurable = 128 * Number.EPSILON;
/** Increments that go with e^s are summable for s > 0; below this it counts as not told. a up to 0.95 passes. */
const leastDecay = 0.05;
/** So many halvings of e, the last that can be measured, decide. */
const decisive = 4;

const golden = (Math.sqrt(5) - 1) / 2;

/** The least |B| between two points, by golden-section search. */
function least(B: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let [l, r] = [b - golden * (b - a), a + golden * (b - a)];
  let [atL, atR] = [Math.abs(B(l)), Math.abs(B(r))];
  for (let i = 0; i < 100 && r > l; i++) {
    if (atL < atR) [b, r, atR, l] = [r, l, atL, r - golden * (r - a)];
    else [a, l, atL, r] = [l, r, atR, l + golden * (b - l)];
    [atL, atR] = [Math.abs(B(l)), Math.abs(B(r))];
  }
  const ends = [low, high, l, r];
  return ends.reduce((x, y) => (Math.abs(B(y)) < Math.abs(B(x)) ? y : x));
}

/** Where B becomes 0 between a point where it is not and one where it is. */
function edgeOfZeros(B: (x: number) => number, live: number, dead: number): number {
  let [a, b] = [live, dead];
  for (let i = 0; i < 100; i++) {
    const m = (a + b) / 2;
    if (m === a || m === b) break;
    if (B(m) === 0) b = m;
    else a = m;
  }
  return b;
}

/** Points where B is or may be 0, each a local minimum of |B|, ascending. */
function zeros({ B }: ScalarPair, { cells, maxB }: CellGrid): number[] {
  const samples = cells.flatMap(({ a, b, Ba, Bm, Bb }) => [
    { x: a, B: Math.abs(Ba) },
    { x: (a + b) / 2, B: Math.abs(Bm) },
    { x: b, B: Math.abs(Bb) },
  ]);
  const found = new Set<number>();
  for (let i = 0; i < samples.length; i++) {
    const first = i;
    const here = samples[i]!.B;
    while (i + 1 < samples.length && samples[i + 1]!.B === here) i++;
    const [before, after] = [samples[first - 1], samples[i + 1]];
    if (here > 0.1 * maxB || (before && before.B < here) || (after && after.B < here)) continue;
    const [start, end] = [samples[first]!.x, samples[i]!.x];
    if (here === 0) {
      found.add(before ? edgeOfZeros(B, before.x, start) : start);
      found.add(after ? edgeOfZeros(B, after.x, end) : end);
    } else {
      const at = least(B, before?.x ?? start, after?.x ?? end);
      if (Math.abs(B(at)) <= nearZero * maxB) found.add(at);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** What one halving of e tells. */
interface Increment {
  readonly e: number;
  readonly P: number;
  /** False where rounding of F or B hides it. */
  readonly measured: boolean;
}

/**
 * Increments of P over [b + 2e, b + e] (e < 0 from the left), from e = reach / 2 on down, how far F moves, whether it
 * is at rest next to b, and whether B is 0 all along.
 */
function approach(pair: ScalarPair, grid: CellGrid, b: number, reach: number) {
  const { maxB, maxF } = grid;
  const increments: Increment[] = [];
  let [moved, rests, dead] = [0, false, false];
  const smallest = 256 * Number.EPSILON * Math.max(Math.abs(b), Math.abs(reach));
  for (let e = reach / 2; Math.abs(e) > smallest; e /= 2) {
    let [P, change, low] = [0, 0, Infinity];
    for (let j = 0; j < 4; j++) {
      const [from, to] = [b + e * (2 - j / 4), b + e * (2 - (j + 1) / 4)];
      const B = pair.B((from + to) / 2);
      const dF = pair.F(to) - pair.F(from);
      if (dF !== 0) P += Math.abs(dF / B);
      change += Math.abs(dF);
      low = Math.min(low, Math.abs(B));
    }
    moved += change;
    increments.push({ e: Math.abs(e), P, measured: change > measurable * maxF && low > lost * maxB });
    dead = (dead || increments.length === 1) && low === 0;
    rests = change <= 0.1 * measurable * maxF;
  }
  return { increments, moved, rests, dead };
}

/** s of increments that go with e^s, from the last ones measured; NaN where too few are. */
function decay(increments: readonly Increment[]): number {
  const last = increments.filter(({ measured, P }) => measured && P > 0).slice(-decisive);
  if (last.length < 3) return NaN;
  const points = last.map(({ e, P }) => [Math.log2(e), Math.log2(P)] as const);
  const mean = (k: 0 | 1) => points.reduce((sum, p) => sum + p[k], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0);
  return covariance / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
}

/**
 * Condition 4: places where P would have to move without bound.
 * @param tolerance approaches on which F moves by no more than this share of its range are not looked at
 */
export function divergences(pair: ScalarPair, grid: CellGrid, tolerance: number): Violation[] {
  const places = zeros(pair, grid);
  const [lo, hi] = [grid.cells[0]!.a, grid.cells.at(-1)!.b];
  const jumps = [...grid.jumps.values()].map(({ at }) => at);
  const special = (pair.special ?? []).filter((x) => x >= lo && x <= hi);
  const stops = [...new Set([lo, hi, ...places, ...jumps, ...special])].sort((a, b) => a - b);
  const apart = 1e-7 * (hi - lo);
  return places.flatMap((at): Violation[] => {
    const sides = ([-1, 1] as const).flatMap((side) => {
      const end = side < 0 ? stops.findLast((x) => x < at - apart) : stops.find((x) => x > at + apart);
      const verdict = end === undefined ? 'converges' : judge(pair, grid, tolerance, at, end);
      return verdict === 'converges' ? [] : [{ end: end!, verdict }];
    });
    if (sides.length === 0) return [];
    const ends = [at, ...sides.map(({ end }) => end)];
    const where = Math.abs(at) < 1e-12 * (hi - lo) ? 0 : at;
    return [
      {
        condition: 4,
        interval: [Math.min(...ends), Math.max(...ends)],
        at: where,
        explanation:
          `B goes to 0 at ${show(where)} where F moves: ` +
          (sides.some(({ verdict }) => verdict === 'diverges')
            ? 'the integral of dF / B does not converge there, P would have to move without bound.'
            : 'whether the integral of dF / B converges there cannot be told.'),
      },
    ];
  });
}

/** Whether P stays bounded where x goes from `end` to `at`. */
function judge(
  pair: ScalarPair,
  grid: CellGrid,
  tolerance: number,
  at: number,
  end: number,
): 'converges' | 'diverges' | 'unknown' {
  const { increments, moved, rests, dead } = approach(pair, grid, at, (end - at) / 2);
  // What F does where B is 0 is a matter of condition 2.
  if (dead || moved <= tolerance * grid.rangeF) return 'converges';
  const s = decay(increments);
  if (Number.isNaN(s)) return rests ? 'converges' : 'unknown';
  return s >= leastDecay ? 'converges' : s > 0.02 ? 'unknown' : 'diverges';
}
