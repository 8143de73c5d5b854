// From a pen path to ink: the coverage of a pixel falls off linearly with its distance from the nearest piece of the
// line, which antialiases the edge. Then grain, contrast and paper noise.
import type { Rng } from '@bitgrad/core';
import { digitSide, type PenPath } from './pen.js';

/**
 * Draws a path.
 * @param ink float32 [28 * 28], overwritten: coverage 0..1
 * @param softness width of the edge in pixels
 */
export function rasterize(path: PenPath, ink: Float32Array, softness: number): void {
  ink.fill(0);
  for (let i = 0; i < path.x.length; i++) {
    const from = path.starts[i] ? i : i - 1;
    inkSegment(path, from, i, ink, softness);
  }
}

const inkSegment = (path: PenPath, from: number, to: number, ink: Float32Array, softness: number): void => {
  const [ax, ay, ra] = [path.x[from]!, path.y[from]!, path.radius[from]!];
  const [dx, dy, dr] = [path.x[to]! - ax, path.y[to]! - ay, path.radius[to]! - ra];
  const reach = Math.max(ra, ra + dr) + softness / 2;
  const left = Math.max(0, Math.ceil(Math.min(ax, ax + dx) - reach - 0.5));
  const right = Math.min(digitSide - 1, Math.floor(Math.max(ax, ax + dx) + reach - 0.5));
  const top = Math.max(0, Math.ceil(Math.min(ay, ay + dy) - reach - 0.5));
  const bottom = Math.min(digitSide - 1, Math.floor(Math.max(ay, ay + dy) + reach - 0.5));
  const lengthSquared = dx * dx + dy * dy;
  const inverse = lengthSquared > 0 ? 1 / lengthSquared : 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const t = Math.max(0, Math.min(1, (px * dx + py * dy) * inverse));
      const [ex, ey] = [px - t * dx, py - t * dy];
      const coverage = 0.5 + (ra + t * dr - Math.sqrt(ex * ex + ey * ey)) / softness;
      const at = y * digitSide + x;
      if (coverage > ink[at]!) ink[at] = coverage < 1 ? coverage : 1;
    }
  }
};

/**
 * Turns coverage into bytes: uneven ink, then noise of the paper on about half of the images.
 * @param ink float32 [28 * 28], 0..1
 * @param target uint8 [28 * 28], overwritten
 */
export function develop(ink: Float32Array, target: Uint8Array, rng: Rng): void {
  const gain = 255 * (0.85 + 0.25 * rng.next());
  const grain = 0.25 * rng.next();
  const paper = rng.next() < 0.5 ? 0 : 26 * rng.next();
  for (let i = 0; i < ink.length; i++) {
    let value = ink[i]!;
    if (value > 0) value *= gain * (1 - grain * rng.next());
    // The difference of two uniform variates: triangular noise, much cheaper than a normal one.
    if (paper > 0) value += paper * (rng.next() - rng.next());
    target[i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
  }
}
