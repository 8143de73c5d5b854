// Overflow bounds: how long a dot product may be before its storage stops counting exactly. Kernels check these
// before they run; two formulas for one bound would be a bug waiting for a big layer.
import { BitgradError } from './errors.js';

/** Number formats that accumulate dot products. */
export type AccumulatorFormat = 'int8' | 'int16' | 'int32' | 'float16' | 'float32';

/**
 * Largest magnitude up to which a format holds every integer, with both signs: 2^(n-1) - 1 for n-bit integers,
 * 2^p for a float with p significant bits (float16: 2048, float32: 2^24).
 */
export const largestExactInteger: Readonly<Record<AccumulatorFormat, number>> = Object.freeze({
  int8: 127,
  int16: 32767,
  int32: 2147483647,
  float16: 2048,
  float32: 16777216,
});

/**
 * Largest magnitude of a dot product.
 * @param terms number of products, >= 0
 * @param inputMax largest magnitude of an input (1 for +-1, 255 for uint8)
 * @param weightMax largest magnitude of a weight (1 for +-1, 128 for int8)
 */
export const accumulatorBound = (terms: number, inputMax = 1, weightMax = 1): number =>
  terms * inputMax * weightMax;

/** Most products that a format sums exactly; the arguments are those of {@link accumulatorBound}. */
export const maxExactTerms = (format: AccumulatorFormat, inputMax = 1, weightMax = 1): number =>
  Math.floor(largestExactInteger[format] / (inputMax * weightMax));

/**
 * Refuses a dot product that a format cannot hold exactly.
 * @param what names the operation in the message
 * @throws BitgradError `overflow`
 */
export function checkAccumulator(
  what: string,
  terms: number,
  format: AccumulatorFormat,
  inputMax = 1,
  weightMax = 1,
): void {
  const most = maxExactTerms(format, inputMax, weightMax);
  if (!(terms <= most))
    throw new BitgradError({
      code: 'overflow',
      source: 'bits',
      what: `products summed by ${what} in ${format}`,
      got: terms,
      expected: `at most ${most}`,
      next: 'Use a wider accumulator or split the sum.',
    });
}
