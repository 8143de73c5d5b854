// Recovers the proximal map P, the transform T and the regularizer r of a sound pair from its samples.
import { isFlat, meanB } from './violation.js';
import { sampledFunction, type SampledFunction } from './sampled-function.js';
import type { CellGrid } from './cells.js';

/** What a sound pair is made of. */
export interface Decomposition {
  /**
   * P with F = T o P, B = T' o P. P is known up to a shift (see `anchor`); where F is constant and B is 0 it is free,
   * and continued with slope 1.
   */
  readonly proximalMap: SampledFunction;
  /** T over the values of P; linear across the jumps of P, where it is free. */
  readonly transform: SampledFunction;
  /**
   * r with P = prox of r, its least value 0. Infinity beyond the values that P takes. In a jump of P only lower bounds
   * of r are determined; the value given continues r along its tangents from both sides.
   */
  readonly regularizer: SampledFunction;
  /** Intervals of w where P is free. */
  readonly free: readonly (readonly [number, number])[];
}

/** Fixes the shift of P: P(at) = value, the mean of both limits at a jump. */
export interface Anchor {
  readonly at: number;
  readonly value: number;
}

/** |B| below this share of its maximum does not resolve P against rounding. */
const resolvedShare = 1e-8;

/** Recovers P, T and r. `strength` is mu in P = prox of mu r. */
export function recover(grid: CellGrid, anchor: Anchor | undefined, strength: number): Decomposition {
  const { w, p, f, free, start } = integrate(grid);
  const shift = anchorShift(grid, anchor, w, p, start);
  const P = p.map((value) => value + shift);
  return {
    proximalMap: sampledFunction(w, P),
    transform: transformOf(P, f),
    regularizer: regularizerOf(w, P, strength),
    free,
  };
}

interface Integral {
  readonly w: number[];
  readonly p: number[];
  readonly f: number[];
  readonly free: [number, number][];
  /** P and F just before F first moves. */
  start?: { readonly p: number; readonly f: number };
}

/** P(w) = integral of dF / B from the left end, with both limits at jumps. */
function integrate({ cells, jumps, noiseF, maxB }: CellGrid): Integral {
  const out: Integral = { w: [], p: [], f: [], free: [] };
  let position = 0;
  const push = (w: number, f: number): void => {
    out.w.push(w);
    out.p.push(position);
    out.f.push(f);
  };
  cells.forEach((cell, i) => {
    const { a, b, Fa, Fb } = cell;
    const jump = jumps.get(i);
    if (jump || !isFlat(cell, noiseF)) out.start ??= { p: position, f: jump ? Fa - jump.height : Fa };
    if (jump) position += jump.height / jump.B;
    if (i === 0 || jump) push(a, Fa);
    const backward = meanB(cell);
    if (Math.abs(backward) <= resolvedShare * maxB) {
      position += b - a;
      const last = out.free.at(-1);
      if (last && last[1] === a) last[1] = b;
      else out.free.push([a, b]);
    } else if (!isFlat(cell, noiseF)) {
      // P is nearly straight in a cell, and dF = B dP: dP is dF over the mean of B, exact also where B goes through 0.
      position += Math.max(0, (Fb - Fa) / backward);
    }
    push(b, Fb);
  });
  return out;
}

/** Where B is one constant b wherever F moves, P = F / b; else P(0) = 0. */
function anchorShift(
  grid: CellGrid,
  anchor: Anchor | undefined,
  w: readonly number[],
  p: readonly number[],
  start: Integral['start'],
): number {
  if (!anchor && start) {
    const moving = [
      ...grid.cells.filter((cell) => !isFlat(cell, grid.noiseF)).flatMap(({ Ba, Bm, Bb }) => [Ba, Bm, Bb]),
      ...[...grid.jumps.values()].map(({ B }) => B),
    ];
    const slope = moving[0];
    if (slope !== undefined && moving.every((b) => Math.abs(b - slope) <= 1e-9 * grid.maxB))
      return start.f / slope - start.p;
  }
  const { at, value } = anchor ?? { at: 0, value: 0 };
  const right = sampledFunction(w, p).at(at);
  // At a jump, listed twice, the mean of both limits.
  const first = w.indexOf(at);
  const left = first >= 0 ? p[first]! : right;
  return value - (left + right) / 2;
}

/** T: one sample for each value of P. */
function transformOf(p: readonly number[], f: readonly number[]): SampledFunction {
  const [x, y]: [number[], number[]] = [[], []];
  p.forEach((value, i) => {
    if (x.length > 0 && value <= x.at(-1)!) return;
    x.push(value);
    y.push(f[i]!);
  });
  return sampledFunction(x, y);
}

/** r(z) = integral of (P^-1(s) - s) ds / strength over the values of P (arXiv 2110.13220, 2402.17710). */
function regularizerOf(w: readonly number[], p: readonly number[], strength: number): SampledFunction {
  const [x, y]: [number[], number[]] = [[p[0]!], [0]];
  for (let i = 1; i < p.length; i++) {
    const [z0, z1, w0, w1] = [p[i - 1]!, p[i]!, w[i - 1]!, w[i]!];
    if (!(z1 > z0)) continue;
    const before = y.at(-1)!;
    if (w0 === w1) {
      // The tangents at both ends of a jump meet in its middle.
      x.push((z0 + z1) / 2);
      y.push(before + ((w0 - z0) * (z1 - z0)) / 2 / strength);
    }
    x.push(z1);
    y.push(before + (((w0 - z0 + (w1 - z1)) / 2) * (z1 - z0)) / strength);
  }
  const least = y.reduce((a, b) => Math.min(a, b), Infinity);
  return sampledFunction(
    x,
    y.map((value) => value - least),
    Infinity,
  );
}
