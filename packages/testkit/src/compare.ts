// Comparing arrays of numbers, with the first difference in the message.
import { fail } from './case.js';

/** True when two numbers agree: both NaN, equal (so the same infinity), or within tolerance * max(1, |want|). */
export const agrees = (got: number, want: number, tolerance: number): boolean =>
  Object.is(got, want) ||
  got === want ||
  (Number.isFinite(want) && Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want)));

/**
 * Compares elementwise.
 * @param at describes index i in the message; default `index i`
 * @throws BitgradError `verification-failed` with the first difference
 */
export function expectClose(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  at: (i: number) => string = (i) => `index ${i}`,
): void {
  if (got.length !== want.length) fail(`${what}: number of values`, got.length, String(want.length));
  for (let i = 0; i < want.length; i++)
    if (!agrees(got[i]!, want[i]!, tolerance))
      fail(`${what} at ${at(i)}`, got[i], `${want[i]} within ${tolerance} * max(1, |value|)`);
}

/** The largest difference relative to the largest magnitude wanted: for sums, whose error follows their terms. */
export function expectCloseInScale(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
): void {
  if (got.length !== want.length) fail(`${what}: number of values`, got.length, String(want.length));
  let scale = 1e-30;
  for (let i = 0; i < want.length; i++) scale = Math.max(scale, Math.abs(want[i]!));
  for (let i = 0; i < want.length; i++)
    if (!(Math.abs(got[i]! - want[i]!) <= tolerance * scale))
      fail(`${what} at index ${i}`, got[i], `${want[i]} within ${tolerance} of the largest value, ${scale}`);
}
