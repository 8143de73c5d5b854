// The packed layout, bit by bit. A row of K levels takes ceil(K / 32) words of 32 bits, stored little-endian.
// Element k of a row is bit (k mod 32), counted from the least significant, of word floor(k / 32) of that row:
//
//   word 0                       word 1
//   bit 31 ... bit 1  bit 0      bit 31 ... bit 0
//   x[31]      x[1]   x[0]       x[63]      x[32]     bit 1 stands for -1, bit 0 for +1 (sign.ts)
//
// Bits past K in a row's last word are 0 on both operands, so that they never count in popcount(a xor b).
// Images are NHWC: each pixel is one row of its channels. Kernels are OHWI: for each output channel and tap one row.
import { BitgradError } from './errors.js';
import { checkNoNaN, levelOfBit, signBit } from './sign.js';

/** Bits in a packed word. */
export const wordBits = 32;

/** Words that a row of `length` levels takes. */
export const wordsPerRow = (length: number): number => Math.ceil(length / wordBits);

/** Bytes that `rows` packed rows of `length` levels take. */
export const packedBytes = (rows: number, length: number): number => rows * wordsPerRow(length) * 4;

/**
 * Packs rows of real numbers by their signs.
 * @param values row-major [rows, length]
 * @param rows number of rows
 * @param length levels a row
 * @param options.checked refuse NaN (default true)
 * @returns [rows, wordsPerRow(length)] words
 * @throws BitgradError `shape-mismatch` when `values` has another size, `not-finite` for NaN in checked mode
 */
export function packRows(
  values: ArrayLike<number>,
  rows: number,
  length: number,
  { checked = true }: { checked?: boolean } = {},
): Uint32Array {
  expectLength('values to pack', values.length, rows * length);
  if (checked) checkNoNaN(values);
  const stride = wordsPerRow(length);
  const words = new Uint32Array(rows * stride);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < length; k++) {
      const word = row * stride + (k >>> 5);
      words[word] = words[word]! | (signBit(values[row * length + k]!) << (k & 31));
    }
  return words;
}

/**
 * The inverse of {@link packRows}, up to sign.
 * @returns Float32Array [rows, length] of +1 and -1
 * @throws BitgradError `shape-mismatch`
 */
export function unpackRows(words: Uint32Array, rows: number, length: number): Float32Array {
  const stride = wordsPerRow(length);
  expectLength('packed words', words.length, rows * stride);
  const values = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < length; k++)
      values[row * length + k] = levelOfBit(words[row * stride + (k >>> 5)]! >>> (k & 31));
  return values;
}

/** Number of one bits in a 32-bit word. */
export function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** @throws BitgradError `shape-mismatch` unless `got === expected` */
export function expectLength(what: string, got: number, expected: number): void {
  if (got !== expected)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'bits',
      what: `length of ${what}`,
      got,
      expected: String(expected),
    });
}
