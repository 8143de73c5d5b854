// Binary matrix products by table lookup. A step takes 4 levels (a nibble): the activation's nibble picks a
// 16-entry table of popcount(a ^ w), and the nibbles of 16 output channels are the indices of one swizzle.
// Activations are stored one nibble a byte, shifted left by 4, so that the byte is the table's offset.
// The counts of 2 rows x 64 channels stay in registers; in the end they are written as u16.

/** 16 tables of 16 bytes: popcount(a ^ w) at 16 a + w. */
export const SINGLE: usize = 256;
/** 256 tables of 16 bytes: popcount(a0 ^ w) + 16 popcount(a1 ^ w) at 16 (16 a1 + a0) + w. */
export const PAIRED: usize = 4096;
/** Longest run of steps whose counts (at most 4 each) fit in a byte, and a multiple of 3. */
const RUN: i32 = 60;

/** Fills both tables; once a memory. */
export function fillTables(): void {
  for (let a: usize = 0; a < 256; a++)
    for (let w: usize = 0; w < 16; w++) {
      const low = popcnt<usize>((a & 15) ^ w);
      store<u8>(PAIRED + a * 16 + w, <u8>(low + 16 * popcnt<usize>((a >> 4) ^ w)));
      if (a < 16) store<u8>(SINGLE + a * 16 + w, <u8>low);
    }
}

// Both are the same for the indices 0..15 used here.
// @ts-ignore: decorator
@inline function pick(table: v128, indices: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
}
// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 { return i8x16.add(a, b); }
// @ts-ignore: decorator
@inline function low(x: v128): v128 { return v128.and(x, i8x16.splat(15)); }
// @ts-ignore: decorator
@inline function high(x: v128): v128 { return v128.and(i16x8.shr_u(x, 4), i8x16.splat(15)); }
// @ts-ignore: decorator
@inline function widenLow(sum: v128, counts: v128): v128 { return i16x8.add(sum, i16x8.extend_low_i8x16_u(counts)); }
// @ts-ignore: decorator
@inline function widenHigh(sum: v128, counts: v128): v128 { return i16x8.add(sum, i16x8.extend_high_i8x16_u(counts)); }
// @ts-ignore: decorator
@inline function single(a: usize): v128 { return v128.load(<usize>load<u8>(a), SINGLE); }
// @ts-ignore: decorator
@inline function paired(a0: usize, a1: usize, k: usize): v128 { return v128.load((<usize>load<u8>(a1 + k) << 4) | <usize>load<u8>(a0 + k), PAIRED); }

/**
 * Counts of differing levels between the windows of 2 rows and 64 output channels. Where a swizzle costs three instructions
 * (plain SIMD on x64), one lookup serves both rows: their counts share a byte for 3 steps (at most 12 each), then split.
 * @param p0 window of the first row; p1 of the second
 * @param w panel of 64 channels, [steps][64] nibbles
 * @param segments byte offsets of the window's parts; @param end end of that list; @param length steps in each part
 * @param out takes 2 x 64 u16
 */
export function lookup(p0: usize, p1: usize, w: usize, segments: usize, end: usize, length: i32, out: usize): void {
  const zero = i8x16.splat(0);
  let l0 = zero, l1 = zero, l2 = zero, l3 = zero, l4 = zero, l5 = zero, l6 = zero, l7 = zero;
  let h0 = zero, h1 = zero, h2 = zero, h3 = zero, h4 = zero, h5 = zero, h6 = zero, h7 = zero;
  let left = length;
  let a0 = p0 + <usize>load<i32>(segments), a1 = p1 + <usize>load<i32>(segments);
  do {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
    let room = RUN;
    do {
      const n = min(left, room), stop = a0 + n;
      if (!ASC_FEATURE_RELAXED_SIMD) {
        while (a0 + 3 <= stop) {
          let t = paired(a0, a1, 0);
          let s0 = pick(t, v128.load(w)), s1 = pick(t, v128.load(w, 16)), s2 = pick(t, v128.load(w, 32)), s3 = pick(t, v128.load(w, 48));
          t = paired(a0, a1, 1);
          s0 = add(s0, pick(t, v128.load(w, 64))); s1 = add(s1, pick(t, v128.load(w, 80)));
          s2 = add(s2, pick(t, v128.load(w, 96))); s3 = add(s3, pick(t, v128.load(w, 112)));
          t = paired(a0, a1, 2);
          s0 = add(s0, pick(t, v128.load(w, 128))); s1 = add(s1, pick(t, v128.load(w, 144)));
          s2 = add(s2, pick(t, v128.load(w, 160))); s3 = add(s3, pick(t, v128.load(w, 176)));
          c0 = add(c0, low(s0)); c4 = add(c4, high(s0)); c1 = add(c1, low(s1)); c5 = add(c5, high(s1));
          c2 = add(c2, low(s2)); c6 = add(c6, high(s2)); c3 = add(c3, low(s3)); c7 = add(c7, high(s3));
          a0 += 3; a1 += 3; w += 192;
        }
        while (a0 < stop) {
          const t = paired(a0, a1, 0);
          let s = pick(t, v128.load(w)); c0 = add(c0, low(s)); c4 = add(c4, high(s));
          s = pick(t, v128.load(w, 16)); c1 = add(c1, low(s)); c5 = add(c5, high(s));
          s = pick(t, v128.load(w, 32)); c2 = add(c2, low(s)); c6 = add(c6, high(s));
          s = pick(t, v128.load(w, 48)); c3 = add(c3, low(s)); c7 = add(c7, high(s));
          a0++; a1++; w += 64;
        }
      } else {
        while (a0 < stop) {
          const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
          let t = single(a0);
          c0 = add(c0, pick(t, w0)); c1 = add(c1, pick(t, w1)); c2 = add(c2, pick(t, w2)); c3 = add(c3, pick(t, w3));
          t = single(a1);
          c4 = add(c4, pick(t, w0)); c5 = add(c5, pick(t, w1)); c6 = add(c6, pick(t, w2)); c7 = add(c7, pick(t, w3));
          a0++; a1++; w += 64;
        }
      }
      left -= n; room -= n;
      if (left == 0) {
        segments += 4;
        if (segments == end) break;
        left = length;
        a0 = p0 + <usize>load<i32>(segments); a1 = p1 + <usize>load<i32>(segments);
      }
    } while (room > 0);
    l0 = widenLow(l0, c0); h0 = widenHigh(h0, c0); l1 = widenLow(l1, c1); h1 = widenHigh(h1, c1);
    l2 = widenLow(l2, c2); h2 = widenHigh(h2, c2); l3 = widenLow(l3, c3); h3 = widenHigh(h3, c3);
    l4 = widenLow(l4, c4); h4 = widenHigh(h4, c4); l5 = widenLow(l5, c5); h5 = widenHigh(h5, c5);
    l6 = widenLow(l6, c6); h6 = widenHigh(h6, c6); l7 = widenLow(l7, c7); h7 = widenHigh(h7, c7);
  } while (segments < end);
  v128.store(out, l0); v128.store(out, h0, 16); v128.store(out, l1, 32); v128.store(out, h1, 48);
  v128.store(out, l2, 64); v128.store(out, h2, 80); v128.store(out, l3, 96); v128.store(out, h3, 112);
  v128.store(out, l4, 128); v128.store(out, h4, 144); v128.store(out, l5, 160); v128.store(out, h5, 176);
  v128.store(out, l6, 192); v128.store(out, h6, 208); v128.store(out, l7, 224); v128.store(out, h7, 240);
}

/** Adds 16 counts of bytes to those in memory. */
function flush(out: usize, counts: v128): void {
  v128.store(out, widenLow(v128.load(out), counts)); v128.store(out, widenHigh(v128.load(out, 16), counts), 16);
}

/**
 * The same for 4 rows and 16 output channels, one lookup a row: for layers of few channels.
 * @param spots where the windows of the rows begin, 12 bytes apart
 * @param w panel of 16 channels, [steps][16] nibbles; @param out takes 4 x 16 u16
 */
export function lookupNarrow(spots: usize, w: usize, segments: usize, end: usize, length: i32, out: usize): void {
  const zero = i8x16.splat(0), p0 = load<usize>(spots), d1 = load<usize>(spots, 12) - p0, d2 = load<usize>(spots, 24) - p0, d3 = load<usize>(spots, 36) - p0;
  for (let k: usize = 0; k < 128; k += 16) v128.store(out + k, zero);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, room = RUN;
  for (; segments < end; segments += 4) {
    let a = p0 + <usize>load<i32>(segments);
    for (let left = length; left > 0; ) {
      const n = min(left, room);
      for (const stop = a + n; a < stop; a++, w += 16) {
        const v = v128.load(w);
        c0 = add(c0, pick(single(a), v)); c1 = add(c1, pick(single(a + d1), v)); c2 = add(c2, pick(single(a + d2), v)); c3 = add(c3, pick(single(a + d3), v));
      }
      left -= n; room -= n;
      if (room) continue;
      flush(out, c0); flush(out + 32, c1); flush(out + 64, c2); flush(out + 96, c3);
      c0 = c1 = c2 = c3 = zero; room = RUN;
    }
  }
  flush(out, c0); flush(out + 32, c1); flush(out + 64, c2); flush(out + 96, c3);
}
