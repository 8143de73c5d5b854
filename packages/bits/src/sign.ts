// The one sign rule of bitgrad: x >= 0 (and -0) -> +1 -> bit 0; x < 0 -> -1 -> bit 1.
import { BitgradError } from './errors.js';

/**
 * Binary sign of one number.
 * @param x any number; -0 counts as +0
 * @returns +1 for x >= 0 (and for NaN: packed kernels cannot raise; see {@link checkNoNaN}), -1 for x < 0
 */
export const binarySign = (x: number): 1 | -1 => (x < 0 ? -1 : 1);

/** The bit that stores a value: 1 for x < 0 (the level -1), else 0 (the level +1). */
export const signBit = (x: number): 0 | 1 => (x < 0 ? 1 : 0);

/** The level that a stored bit stands for: bit 0 -> +1, bit 1 -> -1. */
export const levelOfBit = (bit: number): 1 | -1 => (bit & 1 ? -1 : 1);

/**
 * Checked mode: refuses NaN, which has no sign.
 * @throws BitgradError `not-finite` with the index of the first NaN
 */
export function checkNoNaN(values: ArrayLike<number>, what = 'value to binarize'): void {
  for (let i = 0; i < values.length; i++)
    if (Number.isNaN(values[i]))
      throw new BitgradError({
        code: 'not-finite',
        source: 'bits',
        what: `${what} at index ${i}`,
        got: Number.NaN,
        expected: 'a number (infinities are allowed)',
        next: 'Look for a division by zero or a diverged training run.',
      });
}
