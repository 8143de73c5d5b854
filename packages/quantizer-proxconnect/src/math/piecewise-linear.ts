// The piecewise linear proximal quantizer L(rho, varrho) of ProxConnect (arXiv 2110.13220) for any finite level set.
// Owns the shape of L; scale, schedule and gradients live with the quantizers.
import { E, type Expression, type Jump } from '@bitgrad/core';

/** Shifts of L, in units of the level axis. */
export interface Shifts {
  /** Horizontal shift rho >= 0: half the width of the flat part around a level. */
  readonly rho: number;
  /** Vertical shift varrho >= 0: half the height of the jump at a midpoint. */
  readonly varrho: number;
}

/** L between two neighbouring levels, by the distance `o` in [0, half] from the nearer one. */
interface Gap {
  readonly midpoint: number;
  readonly half: number;
  /** Distance over which L is constant. */
  readonly flat: number;
  /** Slope of L between the flat part and the midpoint. */
  readonly slope: number;
}

const gapBetween = (low: number, high: number, { rho, varrho }: Shifts): Gap => {
  const half = (high - low) / 2;
  const flat = Math.min(half, rho);
  const width = half - flat;
  return {
    midpoint: (low + high) / 2,
    half,
    flat,
    slope: width > 0 ? (half - Math.min(half, varrho)) / width : 0,
  };
};

const gapsOf = (levels: readonly number[], shifts: Shifts): Gap[] =>
  levels.slice(1).map((high, i) => gapBetween(levels[i]!, high, shifts));

/**
 * L(w) for ascending `levels`: constant around each level, a jump at each midpoint, linear in between.
 * At a midpoint the upper level counts as the nearer one (the sign rule); rho = varrho = 0 clips w to the levels' range,
 * and a shift of at least half a gap makes L the nearest level.
 * @param levels ascending, at least two
 */
export function piecewiseLinear(w: number, levels: readonly number[], shifts: Shifts): number {
  const last = levels.length - 1;
  if (w <= levels[0]!) return levels[0]!;
  if (w >= levels[last]!) return levels[last]!;
  const at = levels.findIndex((_, i) => w < levels[i + 1]!);
  const { midpoint, half, flat, slope } = gapBetween(levels[at]!, levels[at + 1]!, shifts);
  const rise = Math.max(0, half - Math.abs(w - midpoint) - flat) * slope;
  return w >= midpoint ? levels[at + 1]! - rise : levels[at]! + rise;
}

/** The level nearest to w, the upper one at a midpoint. */
export function nearestLevel(w: number, levels: readonly number[]): number {
  let best = levels[0]!;
  for (let i = 1; i < levels.length; i++) if (w >= (levels[i - 1]! + levels[i]!) / 2) best = levels[i]!;
  return best;
}

/** The jumps of L, ascending. */
export const piecewiseJumps = (levels: readonly number[], shifts: Shifts): Jump[] =>
  gapsOf(levels, shifts)
    .map(({ midpoint, half, flat, slope }, i) => {
      const rise = (half - flat) * slope;
      return { at: midpoint, from: levels[i]! + rise, to: levels[i + 1]! - rise };
    })
    .filter(({ from, to }) => to > from);

/** Where the slope of L jumps, ascending. */
export const piecewiseBreakpoints = (levels: readonly number[], shifts: Shifts): number[] => [
  ...new Set(
    gapsOf(levels, shifts).flatMap(({ midpoint, half, flat }) => [
      midpoint - (half - flat),
      midpoint,
      midpoint + (half - flat),
    ]),
  ),
];

/** Chooses by comparing w with ascending limits: `values[i]` where `limits[i - 1] <= w < limits[i]`. */
const choose = (w: Expression, limits: readonly number[], values: readonly number[]): Expression =>
  values
    .slice(1)
    .reduce<Expression>(
      (below, value, i) => E.select(E.ge(w, limits[i]!), value, below),
      E.constant(values[0]!),
    );

/** The nearest level as an expression; exact: its values are in `levels`. */
const nearestLevelExpression = (w: Expression, levels: readonly number[]): Expression =>
  choose(
    w,
    levels.slice(1).map((high, i) => (levels[i]! + high) / 2),
    levels,
  );

/** L as an expression in `w`. */
export function piecewiseLinearExpression(
  w: Expression,
  levels: readonly number[],
  shifts: Shifts,
): Expression {
  const gaps = gapsOf(levels, shifts);
  const inside = E.clip(w, levels[0]!, levels.at(-1)!);
  const level = nearestLevelExpression(inside, levels);
  if (gaps.every(({ slope }) => slope === 0)) return level;
  const offset = E.sub(inside, level);
  const perGap = (key: 'flat' | 'slope') => {
    const values = gaps.map((gap) => gap[key]);
    return values.every((v) => v === values[0])
      ? E.constant(values[0]!)
      : choose(inside, levels.slice(1, -1), values);
  };
  const rise = E.mul(E.max(E.sub(E.abs(offset), perGap('flat')), 0), perGap('slope'));
  return E.add(level, E.select(E.ge(offset, 0), rise, E.neg(rise)));
}

/** 2^bits levels, evenly spaced from -1 to 1. */
export const uniformLevels = (bits: number): number[] => {
  const steps = 2 ** bits - 1;
  return Array.from({ length: steps + 1 }, (_, i) => (2 * i - steps) / steps);
};
