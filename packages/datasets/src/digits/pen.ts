// From a skeleton to the path of a pen: joint jitter, smooth curves, elastic and affine distortion, varying pressure.
// Distorting the path instead of the finished pixels keeps lines crisp and costs little.
import type { Rng } from '@bitgrad/core';
import { skeletons, type Skeleton } from './skeletons.js';

/** Points of a pen path: x, y and pen radius in pixels; `starts` marks the points where the pen was set down. */
export interface PenPath {
  readonly x: number[];
  readonly y: number[];
  readonly radius: number[];
  readonly starts: boolean[];
}

/** Side of a digit image in pixels; the digit itself is about 20 pixels high. */
export const digitSide = 28;

const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.next();

/** A normal variate within `limit` standard deviations. */
const bounded = (rng: Rng, deviation: number, limit = 2.2): number =>
  deviation * Math.max(-limit, Math.min(limit, rng.normal()));

const chooseSkeleton = (digit: number, rng: Rng): Skeleton => {
  const variants = skeletons[digit] ?? [];
  let left = rng.next() * variants.reduce((sum, variant) => sum + variant.weight, 0);
  const chosen = variants.find((variant) => (left -= variant.weight) < 0) ?? variants[variants.length - 1];
  return chosen as Skeleton;
};

/** Moves every point a little; points at the same place (corners) stay together. */
const jitter = (skeleton: Skeleton, deviation: number, rng: Rng): number[][] => {
  const shifts = new Map<string, readonly [number, number]>();
  return skeleton.strokes.map((stroke) => {
    const points: number[] = [];
    for (let i = 0; i < stroke.length; i += 2) {
      const [x = 0, y = 0] = [stroke[i], stroke[i + 1]];
      const key = `${x},${y}`;
      const shift = shifts.get(key) ?? [bounded(rng, deviation), bounded(rng, deviation)];
      shifts.set(key, shift);
      points.push(x + shift[0], y + shift[1]);
    }
    return points;
  });
};

/** Steps between two control points of a curve. */
const steps = 5;

/** A uniform Catmull-Rom spline through the points; ends are doubled. Calls `visit` for each sample. */
const curve = (points: number[], visit: (x: number, y: number, first: boolean) => void): void => {
  const count = points.length / 2;
  const at = (i: number, axis: number): number => points[2 * Math.max(0, Math.min(count - 1, i)) + axis] ?? 0;
  const spline = (i: number, t: number, axis: number): number => {
    const [a, b, c, d] = [at(i - 1, axis), at(i, axis), at(i + 1, axis), at(i + 2, axis)];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  visit(at(0, 0), at(0, 1), true);
  for (let i = 0; i + 1 < count; i++)
    for (let s = 1; s <= steps; s++) visit(spline(i, s / steps, 0), spline(i, s / steps, 1), false);
};

/** A smooth random displacement field over the unit box: two plane waves for each axis. */
const elasticField = (strength: number, rng: Rng): ((x: number, y: number, axis: number) => number) => {
  const waves = Array.from({ length: 4 }, () => ({
    amplitude: bounded(rng, strength),
    kx: between(rng, -4.5, 4.5),
    ky: between(rng, -4.5, 4.5),
    phase: between(rng, 0, 2 * Math.PI),
  }));
  return (x, y, axis) => {
    let sum = 0;
    for (let w = axis; w < 4; w += 2) {
      const wave = waves[w]!;
      sum += wave.amplitude * Math.sin(wave.kx * x + wave.ky * y + wave.phase);
    }
    return sum;
  };
};

/** Mean of `values` over the ink: each piece of the line counts by its length and width. */
const inkCentre = (path: PenPath, values: readonly number[]): number => {
  let [sum, total] = [0, 1e-9];
  for (let i = 1; i < values.length; i++) {
    if (path.starts[i]) continue;
    const length = Math.sqrt((path.x[i]! - path.x[i - 1]!) ** 2 + (path.y[i]! - path.y[i - 1]!) ** 2);
    total += length * path.radius[i]!;
    sum += length * path.radius[i]! * 0.5 * (values[i]! + values[i - 1]!);
  }
  return sum / total;
};

/**
 * Centres the ink (as MNIST does), plus a shift, as far as everything stays on the image; scales down what is too
 * large.
 */
const fit = (path: PenPath, dx: number, dy: number): void => {
  // Half of the widest soft edge, and the border pixels themselves stay black.
  const reach = Math.max(...path.radius) + 1.4;
  for (const [values, shift] of [
    [path.x, dx],
    [path.y, dy],
  ] as const) {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const scale = Math.min(1, (digitSide - 2 * reach) / (high - low));
    const wanted = digitSide / 2 + shift - (inkCentre(path, values) - low) * scale;
    const start = Math.max(reach, Math.min(digitSide - reach - (high - low) * scale, wanted));
    values.forEach((value, i) => (values[i] = (value - low) * scale + start));
  }
};

/** Draws the pen path of a digit: variant, shape, slant, size, place and line width are all random. */
export function drawPath(digit: number, rng: Rng): PenPath {
  const skeleton = chooseSkeleton(digit, rng);
  const strokes = jitter(skeleton, 0.036, rng);
  const elastic = elasticField(0.042, rng);
  const height = 18 * (1 + bounded(rng, 0.07));
  const width = height * 1.15 * skeleton.aspect * Math.exp(bounded(rng, 0.18));
  const slant = bounded(rng, 0.22) + 0.1;
  const angle = bounded(rng, 0.11);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const radius = Math.max(0.65, Math.min(2.2, 1.25 * Math.exp(bounded(rng, 0.27))));
  const pressure = {
    depth: between(rng, 0, 0.22),
    rate: between(rng, 0.1, 0.45),
    phase: between(rng, 0, 2 * Math.PI),
  };

  const path: PenPath = { x: [], y: [], radius: [], starts: [] };
  for (const stroke of strokes)
    curve(stroke, (u, v, first) => {
      const px = (u + elastic(u, v, 0) - 0.5) * width;
      const py = (v + elastic(u, v, 1) - 0.5) * height;
      const sheared = px - slant * py;
      path.x.push(cos * sheared - sin * py);
      path.y.push(sin * sheared + cos * py);
      path.radius.push(
        radius * (1 + pressure.depth * Math.sin(pressure.rate * path.radius.length + pressure.phase)),
      );
      path.starts.push(first);
    });
  fit(path, bounded(rng, 0.7), bounded(rng, 0.7));
  return path;
}
