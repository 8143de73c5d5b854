// The proximal map of a regularizer that is given as a plain function: P(w) = argmin_z (z - w)^2 / (2 mu) + r(z).
import {
  BitgradError,
  checkOptions,
  checkValue,
  option,
  type Jump,
  type OptionRules,
  type Scalars,
} from '@bitgrad/core';
import type { ProximalMap } from './parts.js';
import { interval } from './rules.js';

/** How to compute a proximal map. */
export interface ProximalOptions {
  /** Interval of z on which r is finite or worth searching. Default [-4, 4]. */
  readonly domain?: readonly [number, number];
  /** mu. Default: the scalar `mu` where the schedule gives one, else 1. */
  readonly strength?: number | ((scalars: Scalars) => number);
  /** Values of z that must be candidates: kinks of r, and levels where r is finite at single points only. */
  readonly points?: readonly number[];
  /** Candidates of the first search, evenly spaced over the domain. Default 801. */
  readonly candidates?: number;
}

const rules: OptionRules<ProximalOptions> = {
  domain: interval,
  strength: option.either(option.number(0), option.callback),
  points: option.list(option.number()),
  candidates: option.integer(2, 1e6),
};

const golden = (Math.sqrt(5) - 1) / 2;

/**
 * argmin_z (z - w)^2 / (2 mu) + r(z) by a search over candidates and golden-section refinement beside the best.
 * Accurate to about 1e-7 of the domain where r has no feature narrower than the spacing of the candidates; among equal
 * minima the largest (the sign rule).
 */
export function proximalPoint(
  w: number,
  r: (z: number) => number,
  mu: number,
  candidates: readonly number[],
): number {
  const cost = (z: number) => (z - w) ** 2 / (2 * mu) + r(z);
  const costs = candidates.map(cost);
  const least = costs.reduce((a, b) => Math.min(a, b), Infinity);
  // Every candidate that its neighbours do not beat is a local minimum; close ones are refined before they are compared.
  let [best, bestCost] = [NaN, Infinity];
  costs.forEach((c, i) => {
    const [before, after] = [costs[i - 1] ?? Infinity, costs[i + 1] ?? Infinity];
    if (c > before || c > after || !Number.isFinite(c)) return;
    const spacing = (candidates[Math.min(i + 1, costs.length - 1)]! - candidates[Math.max(i - 1, 0)]!) ** 2;
    if (c > least + spacing / mu + 1e-9 && c > least * 1.01 + 1e-3) return;
    const z = refine(
      cost,
      candidates[Math.max(0, i - 1)]!,
      candidates[i]!,
      candidates[i + 1] ?? candidates[i]!,
    );
    const value = cost(z);
    if (value < bestCost - 1e-13 || (value <= bestCost + 1e-13 && z > best)) [best, bestCost] = [z, value];
  });
  return best;
}

/** The minimum near `middle`, by golden-section search on both sides of it. */
function refine(cost: (z: number) => number, low: number, middle: number, high: number): number {
  let best = middle;
  for (const [from, to] of [
    [low, middle],
    [middle, high],
  ] as const) {
    let [a, b] = [from, to];
    for (let i = 0; i < 45 && b - a > 1e-12; i++) {
      const [l, h] = [b - golden * (b - a), a + golden * (b - a)];
      if (cost(l) < cost(h)) b = h;
      else a = l;
    }
    const z = (a + b) / 2;
    if (cost(z) < cost(best)) best = z;
  }
  return best;
}

/**
 * The proximal map of a regularizer, convex or not.
 * @param r the regularizer in plain Math; `Infinity` outside its domain
 * @throws BitgradError `invalid-option` when r is finite nowhere, or the options are out of range
 */
export function proximalOf(r: (z: number) => number, options: ProximalOptions = {}): ProximalMap {
  checkValue('certificate', 'regularizer of proximalOf', r, option.required(option.callback));
  checkOptions('certificate', 'proximalOf', options, rules);
  const { domain = [-4, 4], strength, points = [], candidates: count = 801 } = options;
  const [lo, hi] = domain;
  const even = Array.from({ length: count }, (_, i) => lo + ((hi - lo) * i) / (count - 1));
  const candidates = [...new Set([...even, ...points])]
    .sort((a, b) => a - b)
    .filter((z) => z >= lo && z <= hi && Number.isFinite(r(z)));
  if (candidates.length === 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'certificate',
      what: 'regularizer of proximalOf',
      got: { domain, candidates: count },
      expected: 'a domain [low, high] with points where r is finite',
      next: 'List single finite points in `points`.',
    });
  const mu = (scalars: Scalars) =>
    typeof strength === 'function' ? strength(scalars) : (strength ?? scalars.mu ?? 1);
  const at = (w: number, m: number) => (m > 0 ? proximalPoint(w, r, m, candidates) : w);
  return Object.freeze({
    name: 'proximal-of',
    value: (w: number, scalars: Scalars) => at(w, mu(scalars)),
    jumps: (scalars: Scalars) => jumpsOf((w) => at(w, mu(scalars)), lo, hi),
    breakpoints: () => [...points],
  });
}

/** The jumps of a nondecreasing map, found by bisection from an even grid. */
export function jumpsOf(P: (w: number) => number, lo: number, hi: number, cells = 200): Jump[] {
  const found: Jump[] = [];
  const threshold = (hi - lo) * 1e-4;
  const search = (a: number, b: number, Pa: number, Pb: number): void => {
    if (Pb - Pa <= threshold) return;
    if (b - a < (hi - lo) * 1e-11) {
      found.push({ at: b, from: Pa, to: Pb });
      return;
    }
    const m = (a + b) / 2;
    const Pm = P(m);
    search(a, m, Pa, Pm);
    search(m, b, Pm, Pb);
  };
  const grid = Array.from({ length: cells + 1 }, (_, i) => lo + ((hi - lo) * i) / cells);
  const values = grid.map(P);
  grid.slice(1).forEach((b, i) => {
    // A steady slope is no jump: only cells steeper than their width are searched.
    if (values[i + 1]! - values[i]! > 2 * (b - grid[i]!)) search(grid[i]!, b, values[i]!, values[i + 1]!);
  });
  return found;
}
