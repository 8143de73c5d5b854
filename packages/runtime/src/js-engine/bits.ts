// Words of packed levels: counting, reading and moving runs of bits that need not be aligned.
import { popcount } from '@bitgrad/bits';

/** Any array of 32-bit words. */
export type Words = Uint32Array | Int32Array;

/** Nibble-wise bit counts of a word. */
const nibbles = (x: number): number => {
  x -= (x >>> 1) & 0x55555555;
  return (x & 0x33333333) + ((x >>> 2) & 0x33333333);
};

/**
 * popcount(a xor b) over `count` words. Three words share one widening of the counts to bytes, and ten such
 * triples (at most 240 a byte) one horizontal sum.
 */
export function countDifferences(a: Words, aStart: number, b: Words, bStart: number, count: number): number {
  let total = 0;
  let k = 0;
  while (k + 3 <= count) {
    const end = Math.min(count - 2, k + 30);
    let bytes = 0;
    for (; k < end; k += 3) {
      const sum =
        nibbles(a[aStart + k]! ^ b[bStart + k]!) +
        nibbles(a[aStart + k + 1]! ^ b[bStart + k + 1]!) +
        nibbles(a[aStart + k + 2]! ^ b[bStart + k + 2]!);
      bytes += (sum & 0x0f0f0f0f) + ((sum >>> 4) & 0x0f0f0f0f);
    }
    const pairs = (bytes & 0x00ff00ff) + ((bytes >>> 8) & 0x00ff00ff);
    total += (pairs + (pairs >>> 16)) & 0xffff;
  }
  for (; k < count; k++) total += popcount(a[aStart + k]! ^ b[bStart + k]!);
  return total;
}

/** Bit `index` of an array of words. */
export const bitAt = (words: Words, index: number): number => (words[index >>> 5]! >>> (index & 31)) & 1;

/** Copies `count` bits; source and target may start at any bit and must not overlap. */
export function copyBits(source: Words, from: number, target: Words, to: number, count: number): void {
  while (count > 0) {
    const shift = to & 31;
    const take = Math.min(32 - shift, count);
    const at = from & 31;
    let value = source[from >>> 5]! >>> at;
    if (at + take > 32) value |= source[(from >>> 5) + 1]! << (32 - at);
    const mask = (take === 32 ? -1 : (1 << take) - 1) << shift;
    const word = to >>> 5;
    target[word] = (target[word]! & ~mask) | ((value << shift) & mask);
    from += take;
    to += take;
    count -= take;
  }
}

/** Levels +1 and -1 of `rows` rows of `length` bits, unpacked into `target`. */
export function unpackLevels(
  words: Words,
  rows: number,
  length: number,
  target: { [index: number]: number },
): void {
  const stride = (length + 31) >>> 5;
  for (let row = 0, i = 0; row < rows; row++)
    for (let c = 0; c < length; c++, i++) target[i] = 1 - 2 * bitAt(words, row * stride * 32 + c);
}
