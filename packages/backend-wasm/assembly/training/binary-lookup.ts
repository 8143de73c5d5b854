// Products of packed signs by table look-up, once more the four Russians: for each four bits of an output pixel's stretch, 16
// entries say of a block of channels in how many of them the filter differs. A pixel's bits pick an entry of each table, and its
// bytes are added: a load and an addition for 64 products, in place of XOR and popcount, which is ten instructions on x86-64.

import { packedPixel, packedWords } from './binary';
import { At0, At16, At32, At48 } from './offsets';

/** Channels of a block, at most: bytes of an entry. */
export const WIDE: i32 = 64;
/** Words that bytes count, and of entries of 64 bytes those whose tables are in the first-level cache at the same time. */
export const WORDS: i32 = 7;
const WIDE_WORDS: i32 = 4;
/** Words whose counts fit 16 bits. */
export const SPAN: i32 = 2044;

/** Bytes of an entry of the block that starts at channel j. */
export function entryBytes(o: i32, j: i32): i32 {
  const rest = o - j;
  return rest > 32 ? WIDE : rest > 16 ? 32 : 16;
}

/** Sets the bytes of `count` pixels to what at most `WORDS` words count; `entry` is the bytes of an entry. */
export function lookUp(x: usize, stride: usize, tables: usize, bytes: usize, entry: i32, words: i32, count: i32): void {
  if (entry == 16) look16(x, stride, tables, bytes, words, count, true);
  else if (entry == 32) look32(x, stride, tables, bytes, words, count, true);
  else {
    const first = min(WIDE_WORDS, words);
    look64(x, stride, tables, bytes, first, count, true);
    if (words > first) look64(x + (<usize>first << 2), stride, tables + (<usize>first << 13), bytes, words - first, count, false);
  }
}

/** Bytes of the tables for so many words and channels. */
export function packedPanelBytes(words: i32, o: i32): i32 {
  const last = max(0, o - 1) & -WIDE;
  return (words << 7) * (last + entryBytes(o, last));
}

/** A byte of 1 for each of 8 numbers that is below 0. */
// @ts-ignore: decorator
@inline
function negatives(p: usize, width: i32): v128 {
  const zero = f32x4.splat(0), low = width >= 8 ? v128.load(p) : part(p, width), high = width >= 8 ? v128.load(p, 16) : part(p + 16, width - 4);
  const half = i16x8.narrow_i32x4_s(f32x4.lt(low, zero), f32x4.lt(high, zero));
  return i8x16.neg(i8x16.narrow_i16x8_s(half, half));
}

/** The first `width` of four numbers, 0 elsewhere. */
function part(p: usize, width: i32): v128 {
  let v = f32x4.splat(0);
  if (width > 0) v = v128.load_lane<f32>(p, v, 0);
  if (width > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (width > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  if (width > 3) v = v128.load_lane<f32>(p, v, 3, 12);
  return v;
}

/**
 * The tables of a filter [taps][c][o]: for blocks of 64 channels (the last of 16 or 32, where that is enough), for each four bits of
 * a pixel's stretch (word by word, lowest first), 16 entries of a byte a channel. And sums of each tap over c, in
 * `tapSums` [taps][ceil(o/8) * 8] float32. Channels o0 .. o1 - 1, o0 a multiple of 8.
 */
export function packFilterSigns(
  w: usize, out: usize, tapSums: usize, taps: i32, c: i32, o: i32, o0: i32, o1: i32,
): void {
  const o4: usize = <usize>o << 2, wide: usize = (<usize>(o + 7) >> 3) << 5;
  const words = packedWords(taps, c), tapBits = packedPixel(c) << 3, groups = words << 3;
  for (let t = 0; t < taps; t++) memory.fill(tapSums + <usize>t * wide + (<usize>o0 << 2), 0, <usize>(((o1 + 7) & ~7) - o0) << 2);
  for (let j0 = o0; j0 < o1; ) {
    const block = j0 & -WIDE, j1 = min(o1, block + WIDE), entry: usize = entryBytes(o, block);
    let to = out + <usize>(words << 7) * <usize>block + <usize>(j0 - block);
    let p = w + (<usize>j0 << 2), sums = tapSums + (<usize>j0 << 2), t = 0, i = 0;
    for (let g = 0; g < groups; g++) {
      const rows = t < taps ? c - i : 0;
      for (let j = j0; j < j1; j += 8) {
        const at: usize = j - j0, q = p + (at << 2);
        const sum = putEntries(to + at, entry, q, o4, rows, min(8, o - j));
        if (rows > 0) addTo(sums + (at << 2), sum);
      }
      to += entry << 4;
      p += <usize>max(0, min(4, rows)) * o4;
      i += 4;
      if (i == tapBits) {
        sums += wide;
        i = 0;
        t++;
      }
    }
    j0 = j1;
  }
  const all = i32x4.splat(c);
  for (let t = 0; t < taps; t++)
    for (let j = o0; j < o1; j += 4) {
      const p = tapSums + <usize>t * wide + (<usize>j << 2);
      v128.store(p, f32x4.convert_i32x4_s(i32x4.sub(all, i32x4.shl(v128.load(p), 1))));
    }
}

/** Adds the 8 low bytes to 8 integers. */
// @ts-ignore: decorator
@inline
function addTo(p: usize, bytes: v128): void {
  const v = i16x8.extend_low_i8x16_u(bytes);
  v128.store(p, i32x4.add(v128.load(p), i32x4.extend_low_i16x8_u(v)));
  v128.store(p, i32x4.add(v128.load(p, 16), i32x4.extend_high_i16x8_u(v)), 16);
}

/** The 16 entries of 8 channels of `rows` rows (at most 4 count) from p on; returns how many are negative in each channel. */
function putEntries(to: usize, entry: usize, p: usize, stride: usize, rows: i32, width: i32): v128 {
  const zero = i8x16.splat(0), ones = i8x16.splat(1);
  // d is what a row counts where the pixel's bit is 0, e where it is 1.
  const d0 = rows > 0 ? negatives(p, width) : zero, d1 = rows > 1 ? negatives(p + stride, width) : zero;
  const d2 = rows > 2 ? negatives(p + 2 * stride, width) : zero, d3 = rows > 3 ? negatives(p + 3 * stride, width) : zero;
  const e0 = i8x16.sub(ones, d0), e1 = i8x16.sub(ones, d1), e2 = i8x16.sub(ones, d2), e3 = i8x16.sub(ones, d3);
  const a0 = i8x16.add(d0, d1), a1 = i8x16.add(e0, d1), a2 = i8x16.add(d0, e1), a3 = i8x16.add(e0, e1);
  const b0 = i8x16.add(d2, d3);
  put4(to, entry, a0, a1, a2, a3, b0);
  put4(to + (entry << 2), entry, a0, a1, a2, a3, i8x16.add(e2, d3));
  put4(to + (entry << 3), entry, a0, a1, a2, a3, i8x16.add(d2, e3));
  put4(to + 12 * entry, entry, a0, a1, a2, a3, i8x16.add(e2, e3));
  return i8x16.add(a0, b0);
}

// @ts-ignore: decorator
@inline
function put4(to: usize, entry: usize, a0: v128, a1: v128, a2: v128, a3: v128, b: v128): void {
  v128.store_lane<i64>(to, i8x16.add(a0, b), 0);
  v128.store_lane<i64>(to + entry, i8x16.add(a1, b), 0);
  v128.store_lane<i64>(to + 2 * entry, i8x16.add(a2, b), 0);
  v128.store_lane<i64>(to + 3 * entry, i8x16.add(a3, b), 0);
}

/**
 * For `count` pixels, `stride` bytes apart, adds what the entries of some words' bits count to 64 bytes a pixel, one a channel, or
 * sets them (`begin`); `look64` is of entries of 64 bytes, and so on.
 */
export function look64(x: usize, stride: usize, tables: usize, bytes: usize, words: i32, count: i32, begin: bool): void {
  look(6, x, stride, tables, bytes, words, count, begin);
}
export function look32(x: usize, stride: usize, tables: usize, bytes: usize, words: i32, count: i32, begin: bool): void {
  look(5, x, stride, tables, bytes, words, count, begin);
}
export function look16(x: usize, stride: usize, tables: usize, bytes: usize, words: i32, count: i32, begin: bool): void {
  look(4, x, stride, tables, bytes, words, count, begin);
}

/** An entry has 2^shift bytes. The sums pass through memory, see `addTaps` in signed-rows.ts. */
// @ts-ignore: decorator
@inline
function look(shift: i32, x: usize, stride: usize, tables: usize, bytes: usize, words: i32, count: i32, begin: bool): void {
  const zero = i8x16.splat(0);
  for (const last = bytes + (<usize>count << 6); bytes < last; bytes += 64) {
    if (begin) {
      v128.store(bytes, zero);
      if (shift > 4) v128.store(bytes, zero, 16);
      if (shift > 5) {
        v128.store(bytes, zero, 32);
        v128.store(bytes, zero, 48);
      }
    }
    let table = tables;
    for (let p = x, end = x + (<usize>words << 2); p < end; p += 4) {
      const bits = load<u32>(p);
      const t0 = table + place(bits, shift, 0), t1 = table + place(bits, shift, 1), t2 = table + place(bits, shift, 2), t3 = table + place(bits, shift, 3);
      const t4 = table + place(bits, shift, 4), t5 = table + place(bits, shift, 5), t6 = table + place(bits, shift, 6), t7 = table + place(bits, shift, 7);
      addBytes<At0>(bytes, t0, t1, t2, t3, t4, t5, t6, t7);
      if (shift > 4) addBytes<At16>(bytes, t0, t1, t2, t3, t4, t5, t6, t7);
      if (shift > 5) {
        addBytes<At32>(bytes, t0, t1, t2, t3, t4, t5, t6, t7);
        addBytes<At48>(bytes, t0, t1, t2, t3, t4, t5, t6, t7);
      }
      table += 128 << shift;
    }
    x += stride;
  }
}

/** Where the entry of the k-th four bits is. */
// @ts-ignore: decorator
@inline
function place(bits: u32, shift: i32, k: i32): usize {
  const at = shift >= 4 * k ? bits << (shift - 4 * k) : bits >> (4 * k - shift);
  return <usize>(at & (15 << shift)) + (k << (shift + 4));
}

// @ts-ignore: decorator
@inline
function addBytes<T>(s: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize, t6: usize, t7: usize): void {
  let v = i8x16.add(v128.load(s, offsetof<T>()), v128.load(t0, offsetof<T>()));
  v = i8x16.add(v, v128.load(t1, offsetof<T>()));
  v = i8x16.add(v, v128.load(t2, offsetof<T>()));
  v = i8x16.add(v, v128.load(t3, offsetof<T>()));
  v = i8x16.add(v, v128.load(t4, offsetof<T>()));
  v = i8x16.add(v, v128.load(t5, offsetof<T>()));
  v = i8x16.add(v, v128.load(t6, offsetof<T>()));
  v = i8x16.add(v, v128.load(t7, offsetof<T>()));
  v128.store(s, v, offsetof<T>());
}

/** Adds the bytes of `count` pixels, of `vectors` * 16 channels, to their 16-bit counts, 128 bytes a pixel, or sets them (`begin`). */
export function widen(bytes: usize, counts: usize, vectors: i32, count: i32, begin: bool): void {
  for (const last = bytes + (<usize>count << 6); bytes < last; bytes += 64, counts += 128)
    for (let i: usize = 0; i < <usize>vectors << 4; i += 16) {
      const b = v128.load(bytes + i), c = counts + (i << 1);
      const low = i16x8.extend_low_i8x16_u(b), high = i16x8.extend_high_i8x16_u(b);
      if (begin) {
        v128.store(c, low);
        v128.store(c, high, 16);
      } else {
        v128.store(c, i16x8.add(low, v128.load(c)));
        v128.store(c, i16x8.add(high, v128.load(c, 16)), 16);
      }
    }
}

/**
 * Products of `count` pixels, `row` bytes apart: `total` less twice their bytes and, unless `begin`, 16-bit counts; or where not
 * `set`, takes twice those off what is there.
 */
export function takeCounts(
  bytes: usize, counts: usize, out: usize, row: usize, vectors: i32, count: i32, begin: bool, total: i32, set: bool,
): void {
  for (const last = bytes + (<usize>count << 6); bytes < last; bytes += 64, counts += 128, out += row)
    for (let i: usize = 0; i < <usize>vectors << 4; i += 16) {
      const b = v128.load(bytes + i), to = out + (i << 2);
      let low = i16x8.extend_low_i8x16_u(b), high = i16x8.extend_high_i8x16_u(b);
      if (!begin) {
        low = i16x8.add(low, v128.load(counts + (i << 1)));
        high = i16x8.add(high, v128.load(counts + (i << 1), 16));
      }
      putProducts(to, i32x4.extend_low_i16x8_u(low), total, set);
      putProducts(to + 16, i32x4.extend_high_i16x8_u(low), total, set);
      putProducts(to + 32, i32x4.extend_low_i16x8_u(high), total, set);
      putProducts(to + 48, i32x4.extend_high_i16x8_u(high), total, set);
    }
}

// @ts-ignore: decorator
@inline
function putProducts(to: usize, counts: v128, total: i32, set: bool): void {
  const twice = i32x4.shl(counts, 1);
  if (set) v128.store(to, f32x4.convert_i32x4_s(i32x4.sub(i32x4.splat(total), twice)));
  else v128.store(to, f32x4.sub(v128.load(to), f32x4.convert_i32x4_s(twice)));
}
