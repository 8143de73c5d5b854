// The points where formulas and tensor code are compared: 0, -0, both sides of every breakpoint, large, infinite.
import type { Place } from './sites.js';
import { sampleValues } from './sites.js';

/** Points with what a float32 tensor holds of them. */
export interface Grid {
  /** Where the formula may be evaluated to say what is right: more than one where float32 cannot hold the point. */
  readonly points: readonly (readonly number[])[];
  readonly stored: Float32Array;
  readonly shape: readonly number[];
}

const magnitudes = [0, 1e-38, 1e-30, 1e-3, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.4, 3, 10, 30, 100, 1e4, 1e30];

/** The float32 numbers some steps below and above x: beside it, yet clear of the rounding of one product. */
const beside = (x: number): number[] => {
  const step = Math.max(Math.abs(x) * 2 ** -21, 1e-30);
  return [Math.fround(x - step), Math.fround(x + step)];
};

/**
 * The grid of a half whose value at a point depends on that point only.
 * @param breakpoints where F or B, or their slopes, jump
 */
export function pointGrid(breakpoints: readonly number[], infinities: boolean): Grid {
  const points: number[][] = [];
  const add = (...xs: number[]) => xs.forEach((x) => points.push([Math.fround(x)]));
  // Breakpoints come by themselves below.
  const clear = (x: number) =>
    breakpoints.every((at) => Math.fround(at) !== Math.fround(x) || at === Math.fround(x));
  for (const m of magnitudes) add(...[m, -m].filter(clear));
  if (infinities) add(Infinity, -Infinity);
  for (const at of breakpoints) {
    const stored = Math.fround(at);
    // Where float32 cannot hold the breakpoint, either side of it is right.
    points.push(stored === at ? [at] : [stored, at]);
    add(...beside(at));
  }
  // Four channels, so that members that look at channels have some.
  while (points.length % 4 !== 0) add(0);
  const stored = Float32Array.from(points, (p) => p[0]!);
  return { points, stored, shape: [1, 1, points.length / 4, 4] };
}

/** The grid of a half that looks at the whole tensor: plain values in the shape of a place. */
export function sampleGrid(place: Place): Grid {
  const size = place.shape.reduce((product, d) => product * d, 1);
  const stored = sampleValues(place.label, size);
  return { points: Array.from(stored, (x) => [x]), stored, shape: place.shape };
}
