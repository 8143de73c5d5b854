// The certificate of soundness of a forward-backward pair, and its explanation in words.
import { BitgradError, checkOptions, option, type OptionRules, type Scalars } from '@bitgrad/core';
import { sampleCells, type CellGrid } from './cells.js';
import { findViolations } from './conditions.js';
import { explainCertificate } from './explain.js';
import { fromPair } from './from-pair.js';
import {
  checkPair,
  pairName,
  positionsOf,
  scalarPair,
  type CertifiablePair,
  type PositionOptions,
} from './pair.js';
import { recover, type Anchor, type Decomposition } from './recover.js';
import { sampledFunction, type SampledFunction } from './sampled-function.js';
import type { Violation } from './violation.js';

/** How to certify; everything has a default. */
export interface CertifyOptions extends PositionOptions {
  /** Interval of x to check. Default [-4, 4], widened to 1.5 times the declared points. */
  readonly range?: readonly [number, number];
  /**
   * Violations up to this share of the range of F (conditions 1 and 2: how far F moves against B) or of max |B|
   * (condition 3: how much B varies where F is constant) count as rounding. Default 1e-6; from 1e-12 to 0.1.
   */
  readonly tolerance?: number;
  /** Fixes the shift of P. Default: P = F / B where B is one constant, else P(0) = 0. */
  readonly anchor?: Anchor;
  /** mu in P = prox of mu r, for r alone. Default 1. */
  readonly strength?: number;
}

/** A violation and the scalars at which it was found. */
export interface PositionedViolation extends Violation {
  readonly scalars: Scalars;
}

/** The verdict at one setting of the scalars. */
export interface Position {
  /** Everything that the formulas were given. */
  readonly scalars: Scalars;
  /** Of these, what the schedule or the options gave: without statistics at their default of 1. */
  readonly settings: Scalars;
  readonly holds: boolean;
  readonly violations: readonly Violation[];
  /** P, T and r; null when the pair is not sound here. */
  readonly decomposition: Decomposition | null;
  /** F and B as sampled, for pictures. */
  readonly F: SampledFunction;
  readonly B: SampledFunction;
}

/** The certificate of a pair. */
export interface Certificate {
  readonly name: string;
  /** True when the pair is sound at every position. */
  readonly holds: boolean;
  readonly violations: readonly PositionedViolation[];
  /** P at the middle position; null when the pair is not sound there. */
  readonly proximalMap: SampledFunction | null;
  /** T at the middle position. */
  readonly transform: SampledFunction | null;
  /** r at the middle position. */
  readonly regularizer: SampledFunction | null;
  /** Every setting that was checked, in order. */
  readonly positions: readonly Position[];
  readonly tolerance: number;
  readonly range: readonly [number, number];
  /** The certificate in words. */
  explain(): string;
}

/** A range that floating-point numbers resolve: the samples are 1e-10 of it apart, and less. */
const isRange = (x: unknown): boolean => {
  if (!Array.isArray(x) || x.length !== 2 || !x.every(Number.isFinite)) return false;
  const [lo, hi] = x as [number, number];
  return hi - lo < Infinity && hi - lo >= 1e-8 * Math.max(Math.abs(lo), Math.abs(hi)) && lo < hi;
};
const number = option.number();
const scalars = option.of(
  'an object of finite numbers',
  (x) => option.object.allows(x) && Object.values(x as Scalars).every((value) => Number.isFinite(value)),
);
const rules: OptionRules<CertifyOptions> = {
  range: option.of('[low, high] with low below high by 1e-8 of their size at least', isRange),
  tolerance: option.number(1e-12, 0.1),
  anchor: option.inside({ at: option.required(number), value: option.required(number) }),
  strength: option.positive,
  mu: option.list(number, 1),
  progress: option.list(option.number(0, 1), 1),
  scalars: option.list(scalars, 1),
  statistics: scalars,
};

/**
 * Decides whether a pair is sound: whether F = T o P and B = T' o P for a proximal map P (arXiv 2402.17710). It is
 * decided on samples, refined around declared points and wherever F or B varies fast; a feature narrower than 1/250 of
 * the range that no declared point, jump or slope leads to may be missed. `prepare`, `scale` and `augment` of a
 * forward are outside of the pair, and are not looked at.
 * @param pair a quantizer of any plugin, `{ forward, surrogate }`, or `{ F, B }` in plain Math
 * @throws BitgradError `not-finite` where F or B is not finite; `invalid-plugin` where one throws; `invalid-option` for
 *   options out of range, unknown ones, and what is not a pair
 */
export function certify(pair: CertifiablePair, options: CertifyOptions = {}): Certificate {
  checkOptions('certificate', 'certify', options, rules);
  checkPair(pair);
  const { tolerance = 1e-6, anchor, strength = 1 } = options;
  const halvesAt = (at: Scalars) => fromPair('a declared point', () => scalarPair(pair, at));
  const moments = fromPair('the schedule', () => positionsOf(pair, options));
  const range = options.range ?? rangeOf(moments.flatMap(({ scalars: at }) => halvesAt(at).special ?? []));
  const positions = moments.map(({ scalars: all, settings }): Position => {
    const halves = halvesAt(all);
    const grid = sampleCells(halves, { range, jumps: tolerance });
    if (grid.maxB === 0) throw noGradient(pair);
    const violations = findViolations(halves, grid, tolerance);
    const holds = violations.length === 0;
    return {
      scalars: all,
      settings,
      holds,
      violations,
      decomposition: holds ? recover(grid, anchor, strength) : null,
      F: sampled(grid, 'Fa', 'Fm', 'Fb'),
      B: sampled(grid, 'Ba', 'Bm', 'Bb'),
    };
  });
  const middle = positions[positions.length >> 1]!.decomposition;
  const certificate: Certificate = {
    name: pairName(pair),
    holds: positions.every((p) => p.holds),
    violations: positions.flatMap((p) => p.violations.map((x) => ({ ...x, scalars: p.scalars }))),
    proximalMap: middle?.proximalMap ?? null,
    transform: middle?.transform ?? null,
    regularizer: middle?.regularizer ?? null,
    positions,
    tolerance,
    range,
    explain: () => explainCertificate(certificate),
  };
  return Object.freeze(certificate);
}

const rangeOf = (special: readonly number[]): readonly [number, number] => {
  const reach = special.reduce((a, x) => Math.max(a, Math.abs(x) * 1.5), 4);
  return [-reach, reach];
};

const noGradient = (pair: CertifiablePair): BitgradError =>
  new BitgradError({
    code: 'invalid-option',
    source: 'certificate',
    what: `backward of ${pairName(pair)} is 0 on the whole range`,
    got: 0,
    expected: 'a backward that lets some gradient through',
    next: 'Give a wider range.',
  });

/** A column of the cells as a function; equal neighbours are listed once, jumps twice. */
function sampled({ cells }: CellGrid, a: 'Fa' | 'Ba', m: 'Fm' | 'Bm', b: 'Fb' | 'Bb'): SampledFunction {
  const [x, y]: [number[], number[]] = [[], []];
  for (const cell of cells) {
    if (x.at(-1) !== cell.a || y.at(-1) !== cell[a]) {
      x.push(cell.a);
      y.push(cell[a]);
    }
    x.push((cell.a + cell.b) / 2, cell.b);
    y.push(cell[m], cell[b]);
  }
  return sampledFunction(x, y);
}
