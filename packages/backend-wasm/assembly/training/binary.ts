// Forward products of the signs of tensors: sign bits packed along the channels, XNOR by XOR and popcount. The sign is that of
// `E.sign`: -1 below 0, else +1, for -0 too.
// A pixel takes whole words, but one or two bytes where it has at most 8 or 16 channels.
// Lanes are output channels, so there are no horizontal sums; an output pixel's words are gathered into one stretch
// (cheap: 1/32 of the numbers), so that the inner loop is flat. Sums are exact integers.
// A zero border is packed as +1; what it adds is taken back at the pixels that touch it.

const BLOCK: i32 = 32; // pixels gathered at once
const CHUNK: i32 = 31; // words whose byte counts fit a byte

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

/** 1 where a number is below 0. */
// @ts-ignore: decorator
@inline
function bits(v: v128): v128 {
  return i32x4.shr_u(f32x4.lt(v, f32x4.splat(0)), 31);
}

/** Words of a gathered pixel. */
export function packedWords(taps: i32, c: i32): i32 {
  return (taps * packedPixel(c) + 3) >> 2;
}

/** Bytes of the panels of {@link packFilterSigns}. */
export function packedPanelBytes(words: i32, o: i32): i32 {
  return (words * ((o + 7) >> 3)) << 5;
}

/**
 * Packs a filter [taps][c][o] into panels [ceil(o/8)][packedWords][8] of words, and sums each tap over c into
 * `tapSums` [taps][ceil(o/8) * 8] float32. Channels o0 .. o1 - 1, o0 a multiple of 8.
 */
export function packFilterSigns(
  w: usize, out: usize, tapSums: usize, taps: i32, c: i32, o: i32, o0: i32, o1: i32,
): void {
  const o4: usize = <usize>o << 2, wide: usize = (<usize>(o + 7) >> 3) << 5;
  const panel: usize = <usize>packedWords(taps, c) << 5, tapBits = packedPixel(c) << 3;
  const all = i32x4.splat(c);
  out += <usize>(o0 >> 3) * panel;
  for (let j = o0; j < o1; j += 8) {
    const width = min(8, o - j);
    memory.fill(out, 0, panel);
    for (let t = 0; t < taps; t++) {
      let p = w + <usize>(t * c) * o4 + (<usize>j << 2);
      let negatives0 = i32x4.splat(0), negatives1 = negatives0;
      for (let i = 0; i < c; i++) {
        const at = t * tapBits + i, q = out + (<usize>(at >> 5) << 5);
        const low = bits(width == 8 ? v128.load(p) : part(p, width));
        const high = bits(width == 8 ? v128.load(p, 16) : part(p + 16, width - 4));
        v128.store(q, v128.or(v128.load(q), i32x4.shl(low, at & 31)));
        v128.store(q, v128.or(v128.load(q, 16), i32x4.shl(high, at & 31)), 16);
        negatives0 = i32x4.add(negatives0, low);
        negatives1 = i32x4.add(negatives1, high);
        p += o4;
      }
      const sums = tapSums + <usize>t * wide + (<usize>j << 2);
      v128.store(sums, f32x4.convert_i32x4_s(i32x4.sub(all, i32x4.shl(negatives0, 1))));
      v128.store(sums, f32x4.convert_i32x4_s(i32x4.sub(all, i32x4.shl(negatives1, 1))), 16);
    }
    out += panel;
  }
}

/** The first `width` of four numbers, 0 elsewhere. */
function part(p: usize, width: i32): v128 {
  let v = i32x4.splat(0);
  if (width > 0) v = i32x4.replace_lane(v, 0, load<i32>(p));
  if (width > 1) v = i32x4.replace_lane(v, 1, load<i32>(p, 4));
  if (width > 2) v = i32x4.replace_lane(v, 2, load<i32>(p, 8));
  if (width > 3) v = i32x4.replace_lane(v, 3, load<i32>(p, 12));
  return v;
}

/** Sums of the four bytes of each lane. */
// @ts-ignore: decorator
@inline
function count32(bytes: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
}

/** Bytes of scratch of {@link binaryConv} for so many words a pixel: a tile of products, gathered pixels, and room behind them. */
export function binaryConvScratch(words: i32): i32 {
  return 4 * 8 * 4 + BLOCK * words * 4 + 16;
}

/**
 * out[pixel][o] for flat pixels p0 .. p1 - 1 over (image, oh, ow), of packed bordered images.
 * Addresses and strides in bytes; a run is `runBytes` neighbouring bytes, `runsH` rows of `runsW`.
 * @param h,w,top,left size of the image without its border, for the taps that fall on the border; kh, kw taps
 */
export function binaryConv(
  x: usize, panels: usize, tapSums: usize, out: usize, scratch: usize, p0: i32, p1: i32, oh: i32, ow: i32, o: i32, c: i32,
  xN: usize, xH: usize, xW: usize, runsH: i32, runsW: i32, runH: usize, runW: usize, runBytes: usize,
  h: i32, w: i32, top: i32, left: i32, kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32,
): void {
  const words = packedWords(kh * kw, c);
  const pixelBytes: usize = <usize>words << 2, o4: usize = <usize>o << 2, wide: usize = (<usize>(o + 7) >> 3) << 5;
  const gathered = scratch + 128, total = kh * kw * c;
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
    for (let j = 0; j < o; j += 8) {
      const panel = panels + <usize>(j >> 3) * (<usize>words << 5);
      const width = min(8, o - j);
      for (let i = 0; i < count; i += 4) {
        const pixels = min(4, count - i), whole = pixels == 4 && width == 8;
        const target = out + <usize>(p + i) * o4 + (<usize>j << 2);
        const to = whole ? target : scratch, row = whole ? o4 : 32;
        for (let k = 0; k < words; k += CHUNK) {
          const at: usize = <usize>k << 2, many = min(CHUNK, words - k);
          // A tile that runs past the block's end counts what the scratch happens to hold there; it is not kept.
          countTile(gathered + <usize>i * pixelBytes + at, pixelBytes, panel + (at << 3), to, row, many, total, k == 0);
        }
        if (!whole)
          for (let k = 0; k < pixels; k++)
            memory.copy(target + <usize>k * o4, scratch + (<usize>k << 5), <usize>width << 2);
      }
    }
    // Taps on the border were counted as +1.
    for (let i = 0; i < count; i++) {
      const n = (p + i) / (oh * ow), rest = p + i - n * oh * ow, y = rest / ow, z = rest - y * ow;
      const y0 = y * sh - top, z0 = z * sw - left;
      if (y0 >= 0 && z0 >= 0 && y0 + (kh - 1) * dh < h && z0 + (kw - 1) * dw < w) continue;
      const row = out + <usize>(p + i) * o4;
      for (let a = 0; a < kh; a++)
        for (let b = 0; b < kw; b++) {
          const iy = y0 + a * dh, ix = z0 + b * dw;
          if (iy >= 0 && ix >= 0 && iy < h && ix < w) continue;
          subtract(row, tapSums + <usize>(a * kw + b) * wide, o4);
        }
    }
  }
}

/**
 * Products of 4 pixels and 8 channels, `row` bytes from pixel to pixel of `out`: sets them to `total` less twice the differing bits
 * of `words` (at most 31) words, or takes those off them.
 */
export function countTile(
  x: usize, stride: usize, w: usize, out: usize, row: usize, words: i32, total: i32, set: bool,
): void {
  const x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
  let c00 = i8x16.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  const bytes: usize = <usize>words << 2;
  for (let k: usize = 0; k < bytes; k += 4) {
    const w0 = v128.load(w), w1 = v128.load(w, 16);
    w += 32;
    let s = v128.load32_splat(x + k);
    c00 = i8x16.add(c00, i8x16.popcnt(v128.xor(s, w0)));
    c01 = i8x16.add(c01, i8x16.popcnt(v128.xor(s, w1)));
    s = v128.load32_splat(x1 + k);
    c10 = i8x16.add(c10, i8x16.popcnt(v128.xor(s, w0)));
    c11 = i8x16.add(c11, i8x16.popcnt(v128.xor(s, w1)));
    s = v128.load32_splat(x2 + k);
    c20 = i8x16.add(c20, i8x16.popcnt(v128.xor(s, w0)));
    c21 = i8x16.add(c21, i8x16.popcnt(v128.xor(s, w1)));
    s = v128.load32_splat(x3 + k);
    c30 = i8x16.add(c30, i8x16.popcnt(v128.xor(s, w0)));
    c31 = i8x16.add(c31, i8x16.popcnt(v128.xor(s, w1)));
  }
  putCounts(out, c00, c01, total, set);
  out += row;
  putCounts(out, c10, c11, total, set);
  out += row;
  putCounts(out, c20, c21, total, set);
  out += row;
  putCounts(out, c30, c31, total, set);
}

// @ts-ignore: decorator
@inline
function putCounts(p: usize, low: v128, high: v128, total: i32, set: bool): void {
  const twice0 = i32x4.shl(count32(low), 1), twice1 = i32x4.shl(count32(high), 1);
  if (set) {
    const all = i32x4.splat(total);
    v128.store(p, f32x4.convert_i32x4_s(i32x4.sub(all, twice0)));
    v128.store(p, f32x4.convert_i32x4_s(i32x4.sub(all, twice1)), 16);
  } else {
    v128.store(p, f32x4.sub(v128.load(p), f32x4.convert_i32x4_s(twice0)));
    v128.store(p, f32x4.sub(v128.load(p, 16), f32x4.convert_i32x4_s(twice1)), 16);
  }
}

function subtract(p: usize, q: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(p + i, f32x4.sub(v128.load(p + i), v128.load(q + i)));
  for (; i < bytes; i += 4) store<f32>(p + i, load<f32>(p + i) - load<f32>(q + i));
}
