// Sums over many rows or images, the same for any number of threads: the shape alone says how they are cut into parts; see
// assembly/training/segments.ts.
import type { Job } from '../job.js';

/** The split of `rows` into segments of `size` rows. */
export const segments = (rows: number, size: number) =>
  ({ over: 's', count: Math.max(1, Math.ceil(rows / size)), grain: 1 }) as const;

/** Numbers of a sum up to which 8 parts of it cost little; 4 where it is larger. */
const SMALL = 16384;

/** How a sum over `n` images with a result of `size` numbers is cut. */
export function imageParts(n: number, size: number): { count: number; bytes: number } {
  const count = Math.min(n, size <= SMALL ? 8 : 4);
  return { count, bytes: count > 1 ? count * size * 4 : 0 };
}

/** Images n0 .. n1 - 1 of part `i` of `count`. */
export const imagesOf = (i: number, count: number, n: number): { n0: number; n1: number } => ({
  n0: Math.floor((n * i) / count),
  n1: Math.floor((n * (i + 1)) / count),
});

/** Adds up the results of parts, which lie one behind the other. */
export function addParts(job: Job, parts: { x: number; out: number; count: number; size: number }): void {
  const { x, out, count, size } = parts;
  job.split('sumParts', { over: 'i', count: size, grain: 16 }, { x, out, parts: count, size });
}
