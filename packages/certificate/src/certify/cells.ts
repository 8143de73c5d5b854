// Samples a pair (F, B) on cells that are refined where F or B varies fast, around declared points and at jumps that
// nobody declared. Owns the grid; what the samples mean is decided in conditions.ts and recover.ts.
import { BitgradError, checkOptions, option, type OptionRules } from '@bitgrad/core';
import { interval } from '../rules.js';
import { fromPair } from './from-pair.js';

/** A forward and a backward in plain Math, at fixed scalars. */
export interface ScalarPair {
  F(x: number): number;
  B(x: number): number;
  /** Jumps of F, and points where F, B or their slopes jump: sampling is refined around them. */
  readonly special?: readonly number[];
}

/** F and B on [a, b], smooth inside as far as the samples tell. */
export interface Cell {
  readonly a: number;
  readonly b: number;
  readonly Fa: number;
  readonly Fm: number;
  readonly Fb: number;
  readonly Ba: number;
  readonly Bm: number;
  readonly Bb: number;
}

/** A point between two cells where F jumps by `height`; `B` is the backward exactly there. */
export interface CellJump {
  readonly at: number;
  readonly height: number;
  readonly B: number;
}

/** The sampled pair. */
export interface CellGrid {
  readonly cells: readonly Cell[];
  /** `jumps[i]`: the jump of F between cells i - 1 and i. */
  readonly jumps: ReadonlyMap<number, CellJump>;
  /** max F - min F. */
  readonly rangeF: number;
  /** max |B|. */
  readonly maxB: number;
  /** max |F|, whose last places bound what a change of F tells. */
  readonly maxF: number;
  /** Changes of F up to this are rounding. */
  readonly noiseF: number;
  /** Where the most cells did not suffice to resolve F and B. */
  readonly unresolved?: readonly [number, number];
}

/** How finely to sample. */
export interface SamplingOptions {
  readonly range: readonly [number, number];
  /** Allowed deviation from a straight line in a cell, as a share of the range of F (or of max |B|). Default 1e-4. */
  readonly accuracy?: number;
  /** Jumps of F above this share of its range are found, declared or not. Default 1e-6. */
  readonly jumps?: number;
  /** Cells of the first pass. Default 256. */
  readonly cells?: number;
  /** Most cells. Default 40000. */
  readonly maxCells?: number;
}

/** Changes below this share of the range of F are rounding. */
const roundingShare = 2e-13;

/** Rounding of F at its size and its range. */
const roundingOf = (rangeF: number, maxF: number): number =>
  Math.max(roundingShare * rangeF, 8 * Number.EPSILON * maxF);

const finite = (name: string, x: number, value: number): number => {
  if (Number.isFinite(value)) return value;
  throw new BitgradError({
    code: 'not-finite',
    source: 'certificate',
    what: `${name}(${x}) of the pair to certify`,
    got: value,
    expected: 'a finite number',
    next: 'Give statistics and scalars that the formula needs, or a smaller range.',
  });
};

/** A half that checks its values. */
const checked =
  (name: 'F' | 'B', f: (x: number) => number) =>
  (x: number): number =>
    finite(
      name,
      x,
      fromPair(`${name}(${x})`, () => f(x)),
    );

const rules: OptionRules<SamplingOptions> = {
  range: option.required(interval),
  accuracy: option.positive,
  jumps: option.positive,
  cells: option.integer(1, 1e6),
  maxCells: option.integer(1, 1e7),
};

/** Points of the first pass: even spacing, and geometric spacing towards each special point. */
function startingPoints(lo: number, hi: number, special: readonly number[], cells: number): number[] {
  const points = new Set<number>([lo, hi]);
  const inside = [...new Set([lo, hi, 0, ...special])]
    .filter((x) => x >= lo && x <= hi)
    .sort((a, b) => a - b);
  for (let i = 0; i + 1 < inside.length; i++) {
    const [a, b] = [inside[i]!, inside[i + 1]!];
    points.add(a).add(b);
    const n = Math.max(8, Math.ceil((cells * (b - a)) / (hi - lo)));
    for (let k = 1; k < n; k++) points.add(a + ((b - a) * k) / n);
    for (let step = (b - a) / n / 2; step > (hi - lo) * 1e-7; step /= 4) points.add(a + step).add(b - step);
  }
  return [...points].sort((a, b) => a - b);
}

const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
const spread = (values: readonly number[]): number => largest(values) + largest(values.map((x) => -x));

/**
 * How far F is from one smooth piece on a cell: its fourth difference over five points, and how far two more points are
 * from the polynomial through these five. A jump of height J anywhere in the cell shows by at least 0.37 J in two of the
 * three, and a smooth F by the fourth power of the cell's width.
 */
function roughness(F: (x: number) => number, { a, b, Fa, Fm, Fb }: Cell, Fl: number, Fr: number): number {
  const fourth = Math.abs(Fa - 4 * Fl + 6 * Fm - 4 * Fr + Fb);
  const beside = (x: number, [f0, f1, f2, f3, f4]: readonly [number, number, number, number, number]) =>
    Math.abs(F(x) - (0.3744 * f0 + 0.9984 * f1 - 0.5616 * f2 + 0.2304 * f3 - 0.0416 * f4));
  const tenth = (b - a) / 10;
  const left = beside(a + tenth, [Fa, Fl, Fm, Fr, Fb]);
  return Math.max(fourth, left, beside(b - tenth, [Fb, Fr, Fm, Fl, Fa]));
}

/**
 * Samples the pair on adaptive cells.
 * @throws BitgradError `not-finite` when F or B is NaN or infinite somewhere, `invalid-plugin` when one throws
 */
export function sampleCells(pair: ScalarPair, options: SamplingOptions): CellGrid {
  checkOptions('certificate', 'sampleCells', options, rules);
  const { accuracy = 1e-4, jumps: jumpShare = 1e-6, cells: count = 256, maxCells = 40_000 } = options;
  const [lo, hi] = options.range;
  const span = hi - lo;
  const ulp = Number.EPSILON * Math.max(Math.abs(lo), Math.abs(hi));
  // One-sided limits are read this far beside a point; a jump is told from a steep slope at the smallest width.
  const nudge = Math.max(span * 1e-12, 4 * ulp);
  const smallest = Math.max(span * 1e-10, 64 * ulp);
  const [F, B] = [checked('F', pair.F), checked('B', pair.B)];
  const points = startingPoints(lo, hi, pair.special ?? [], count);
  const coarse = points.map((x) => [F(x), B(x)] as const);
  let rangeF = spread(coarse.map(([f]) => f));
  let maxB = largest(coarse.map(([, b]) => Math.abs(b)));
  const maxF = largest(coarse.map(([f]) => Math.abs(f)));
  let unresolved: [number, number] | undefined;

  const cells: Cell[] = [];
  const visit = (cell: Cell): void => {
    const { a, b, Fa, Fm, Fb, Ba, Bm, Bb } = cell;
    maxB = Math.max(maxB, Math.abs(Ba), Math.abs(Bm), Math.abs(Bb));
    const [bendB, topB] = [Math.abs(Bm - (Ba + Bb) / 2), Math.max(Math.abs(Ba), Math.abs(Bb))];
    // In its tails B is small but decides dF / B as much as anywhere: there its bend counts by its own size.
    const bent =
      Math.abs(Fm - (Fa + Fb) / 2) > accuracy * rangeF ||
      bendB > accuracy * maxB ||
      (bendB > 0.02 * topB && topB > 1e-8 * maxB);
    const jumps = Math.abs(Fb - Fa) > 0.01 * rangeF || Math.abs(Bb - Ba) > 0.01 * maxB;
    const crosses = Ba * Bb < 0 || Ba * Bm < 0 || Bm * Bb < 0;
    if (b - a <= smallest) cells.push(cell);
    else if (bent || jumps || crosses) split(cell, crosses && !bent);
    else {
      const quarters = [F((3 * a + b) / 4), F((a + 3 * b) / 4)] as const;
      const smooth = roughness(F, cell, ...quarters) <= Math.max(0.2 * jumpShare * rangeF, 16 * noise());
      if (smooth) cells.push(cell);
      else split(cell, false);
    }
  };
  const noise = () => roundingOf(rangeF, maxF);
  /** Halves a cell; at a zero of B where that is all there is to resolve, so that B has one sign in each half. */
  const split = (cell: Cell, atZero: boolean): void => {
    const { a, b, Fa, Fm, Fb, Ba, Bm, Bb } = cell;
    if (cells.length >= maxCells) {
      unresolved = [unresolved?.[0] ?? a, b];
      cells.push(cell);
      return;
    }
    const zero = atZero ? signChange(B, a, b, Ba, Bb) : undefined;
    const m = zero ?? (a + b) / 2;
    const [F0, B0] = zero === undefined ? [Fm, Bm] : [F(m), 0];
    const [l, r] = [(a + m) / 2, (m + b) / 2];
    visit({ a, b: m, Fa, Fm: F(l), Fb: F0, Ba, Bm: B(l), Bb: B0 });
    visit({ a: m, b, Fa: F0, Fm: F(r), Fb, Ba: B0, Bm: B(r), Bb });
  };
  points.slice(1).forEach((b, i) => {
    const a = points[i]!;
    const [l, m, r] = [a + Math.min(nudge, (b - a) / 8), (a + b) / 2, b - Math.min(nudge, (b - a) / 8)];
    visit({ a, b, Fa: F(l), Fm: F(m), Fb: F(r), Ba: B(l), Bm: B(m), Bb: B(r) });
    rangeF = Math.max(rangeF, spread([coarse[i]![0], F(m)]));
  });
  const noiseF = noise();
  return { ...findJumps(cells, B, smallest, rangeF, noiseF), rangeF, maxB, maxF, noiseF, unresolved };
}

/** A zero of B between a and b where its sign changes without a jump; undefined where there is none. */
function signChange(
  B: (x: number) => number,
  a: number,
  b: number,
  Ba: number,
  Bb: number,
): number | undefined {
  if (!(Ba * Bb < 0)) return undefined;
  let [low, high] = [a, b];
  for (let i = 0; i < 60 && high > low; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (B(middle) * Ba > 0) low = middle;
    else high = middle;
  }
  const small = Math.abs(B(low)) + Math.abs(B(high)) < 1e-6 * (Math.abs(Ba) + Math.abs(Bb));
  return small && low > a && high < b ? (low + high) / 2 : undefined;
}

/** Cells too small to split that still hold a step become jumps; steps between cells are jumps as they are. */
function findJumps(
  all: readonly Cell[],
  B: (x: number) => number,
  smallest: number,
  rangeF: number,
  noiseF: number,
): Pick<CellGrid, 'cells' | 'jumps'> {
  const step = (cell: Cell) => cell.b - cell.a <= smallest && (cell.Fa !== cell.Fb || cell.Ba !== cell.Bb);
  const kept: Cell[] = [];
  const jumps = new Map<number, CellJump>();
  let left: Cell | undefined;
  let hidden: Cell | undefined;
  for (const cell of all) {
    if (step(cell)) {
      hidden = cell;
      continue;
    }
    if (left) {
      // The step lies somewhere in the hidden cells; the sign rule puts it at their right end.
      const at = hidden ? hidden.b : cell.a;
      const height = cell.Fa - left.Fb;
      if (Math.abs(height) > Math.max(1e-9 * rangeF, noiseF))
        jumps.set(kept.length, { at, height, B: B(at) });
    }
    kept.push(hidden && left ? { ...cell, a: Math.min(cell.a, hidden.b) } : cell);
    [left, hidden] = [cell, undefined];
  }
  return { cells: kept, jumps };
}
