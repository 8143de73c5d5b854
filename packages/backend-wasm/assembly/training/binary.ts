// Forward products of the signs of tensors: sign bits packed along the channels, differing bits counted by table look-up (see
// binary-lookup.ts). The sign is that of `E.sign`: -1 below 0, else +1, for -0 too.
// A pixel takes whole words, but one or two bytes where it has at most 8 or 16 channels.
// An output pixel's words are gathered into one stretch (cheap: 1/32 of the numbers), so that the inner loop is flat. Sums are
// exact integers. A zero border is packed as +1; what it adds is taken back at the pixels that touch it.

import { entryBytes, lookUp, SPAN, takeCounts, WIDE, widen, WORDS } from './binary-lookup';

const BLOCK: i32 = 128; // pixels gathered at once

/** Bytes of a packed pixel. */
export function packedPixel(c: i32): i32 {
  return c <= 8 ? 1 : c <= 16 ? 2 : ((c + 31) >> 5) << 2;
}

/**
 * Packs images [n0 .. n1)[h][w][c] into bordered ones [n][top+h+bottom][left+w+right][packedPixel(c)]; a bit is 1 for
 * a negative number; bits and borders that stand for nothing are 0.
 */
export function packSigns(
  x: usize, out: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, top: i32, bottom: i32, left: i32, right: i32,
): void {
  const words: usize = packedPixel(c);
  const before = <usize>left * words, after = <usize>right * words, outRow = <usize>(left + w + right) * words;
  x += <usize>(n0 * h * w * c) << 2;
  out += <usize>n0 * <usize>(top + h + bottom) * outRow;
  for (let n = n0; n < n1; n++) {
    memory.fill(out, 0, <usize>top * outRow);
    out += <usize>top * outRow;
    for (let y = 0; y < h; y++) {
      memory.fill(out, 0, before);
      out += before;
      for (let z = 0; z < w; z++) {
        let i = 0;
        for (; i + 32 <= c; i += 32) {
          store<u32>(out, sixteen(x) | (sixteen(x + 64) << 16));
          x += 128;
          out += 4;
        }
        if (i == c) continue;
        let word: u32 = 0, k = 0;
        if (i + 16 <= c) {
          word = sixteen(x);
          x += 64;
          i += 16;
          k = 16;
        }
        for (; i + 4 <= c; i += 4, k += 4) {
          word |= <u32>i32x4.bitmask(negative(x)) << k;
          x += 16;
        }
        for (; i < c; i++, k++) {
          word |= <u32>(load<f32>(x) < 0) << k;
          x += 4;
        }
        if (c <= 8) store<u8>(out, <u8>word);
        else if (c <= 16) store<u16>(out, <u16>word);
        else store<u32>(out, word);
        out += min(4, words);
      }
      memory.fill(out, 0, after);
      out += after;
    }
    memory.fill(out, 0, <usize>bottom * outRow);
    out += <usize>bottom * outRow;
  }
}

/** Ones where a number is below 0. */
// @ts-ignore: decorator
@inline
function negative(p: usize): v128 {
  return f32x4.lt(v128.load(p), f32x4.splat(0));
}

/** The sign bits of 16 numbers. */
// @ts-ignore: decorator
@inline
function sixteen(p: usize): u32 {
  const low = i16x8.narrow_i32x4_s(negative(p), negative(p + 16));
  const high = i16x8.narrow_i32x4_s(negative(p + 32), negative(p + 48));
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** Words of a gathered pixel. */
export function packedWords(taps: i32, c: i32): i32 {
  return (taps * packedPixel(c) + 3) >> 2;
}

/**
 * Bytes of scratch of {@link binaryConv} for so many words a pixel: of a block of pixels bytes, 16-bit counts, products and what is
 * gathered, and room behind it.
 */
export function binaryConvScratch(words: i32): i32 {
  return BLOCK * (WIDE * 7 + words * 4) + 16;
}

/**
 * out[pixel][o] for flat pixels p0 .. p1 - 1 over (image, oh, ow), of packed bordered images.
 * Addresses and strides in bytes; a run is `runBytes` neighbouring bytes, `runsH` rows of `runsW`.
 * @param panels tables, see packFilterSigns
 * @param h,w,top,left size of the image without its border, for the taps that fall on the border; kh, kw taps
 */
export function binaryConv(
  x: usize, panels: usize, tapSums: usize, out: usize, scratch: usize, p0: i32, p1: i32, oh: i32, ow: i32, o: i32, c: i32,
  xN: usize, xH: usize, xW: usize, runsH: i32, runsW: i32, runH: usize, runW: usize, runBytes: usize,
  h: i32, w: i32, top: i32, left: i32, kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32,
): void {
  const words = packedWords(kh * kw, c);
  const pixelBytes: usize = <usize>words << 2, o4: usize = <usize>o << 2, wide: usize = (<usize>(o + 7) >> 3) << 5;
  const gathered = scratch + BLOCK * WIDE * 7;
  for (let j = 0; j < o; j += WIDE) {
    const width: usize = <usize>min(WIDE, o - j) << 2;
    for (let p = p0; p < p1; p += BLOCK) {
      const count = min(BLOCK, p1 - p);
      let at = gathered;
      let n = p / (oh * ow), y = (p - n * oh * ow) / ow, z = p % ow;
      for (let i = 0; i < count; i++) {
        const from = x + <usize>n * xN + <usize>y * xH + <usize>z * xW;
        let to = at;
        for (let r = 0; r < runsH; r++)
          for (let q = 0; q < runsW; q++) {
            const run = from + <usize>r * runH + <usize>q * runW;
            // By words: what comes from behind the run is written over.
            for (let k: usize = 0; k < runBytes; k += 4) store<u32>(to + k, load<u32>(run + k));
            to += runBytes;
          }
        store<u32>(to, 0);
        at += pixelBytes;
        if (++z == ow) {
          z = 0;
          if (++y == oh) { y = 0; n++; }
        }
      }
      lookUpBlock(gathered, count, panels, out + <usize>p * o4, scratch, words, o, j, kh * kw * c);
      // Taps on the border were counted as +1.
      n = p / (oh * ow), y = (p - n * oh * ow) / ow, z = p % ow;
      let to = out + <usize>p * o4 + (<usize>j << 2);
      for (let i = 0; i < count; i++, to += o4) {
        const y0 = y * sh - top, z0 = z * sw - left;
        if (++z == ow) {
          z = 0;
          if (++y == oh) y = 0;
        }
        if (y0 >= 0 && z0 >= 0 && y0 + (kh - 1) * dh < h && z0 + (kw - 1) * dw < w) continue;
        for (let a = 0; a < kh; a++)
          for (let b = 0; b < kw; b++) {
            const iy = y0 + a * dh, ix = z0 + b * dw;
            if (iy >= 0 && ix >= 0 && iy < h && ix < w) continue;
            subtract(to, tapSums + <usize>(a * kw + b) * wide + (<usize>j << 2), width);
          }
      }
    }
  }
}

/** The products of `count` gathered pixels and the block of channels from j on; `out` is the first pixel's row. */
function lookUpBlock(x: usize, count: i32, panels: usize, out: usize, scratch: usize, words: i32, o: i32, j: i32, total: i32): void {
  const entry = entryBytes(o, j), vectors = entry >> 4, stride: usize = <usize>words << 2, row: usize = <usize>o << 2;
  const whole = j + entry <= o, width: usize = <usize>min(WIDE, o - j) << 2;
  const counts = scratch + BLOCK * WIDE, parts = counts + BLOCK * WIDE * 2, target = out + (<usize>j << 2);
  panels += <usize>(words << 7) * <usize>j;
  for (let k = 0; k < words; k += WORDS) {
    const many = min(WORDS, words - k), begin = k % SPAN == 0, set = k < SPAN;
    lookUp(x + (<usize>k << 2), stride, panels + <usize>(k << 7) * <usize>entry, scratch, entry, many, count);
    if (k + many < words && (k + many) % SPAN != 0) widen(scratch, counts, vectors, count, begin);
    else if (whole) takeCounts(scratch, counts, target, row, vectors, count, begin, total, set);
    else {
      if (!set) copyRows(parts, WIDE * 4, target, row, width, count);
      takeCounts(scratch, counts, parts, WIDE * 4, vectors, count, begin, total, set);
      copyRows(target, row, parts, WIDE * 4, width, count);
    }
  }
}

function copyRows(to: usize, toRow: usize, from: usize, fromRow: usize, bytes: usize, count: i32): void {
  for (let i = 0; i < count; i++, to += toRow, from += fromRow) memory.copy(to, from, bytes);
}

function subtract(p: usize, q: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(p + i, f32x4.sub(v128.load(p + i), v128.load(q + i)));
  for (; i < bytes; i += 4) store<f32>(p + i, load<f32>(p + i) - load<f32>(q + i));
}
