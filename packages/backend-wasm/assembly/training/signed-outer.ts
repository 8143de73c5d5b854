// The filter gradient where the image is +-1 (binary activations): dW[r][o] = sum over pixels of +-dy[pixel][o].
// By the method of the four Russians (Arlazarov, Dinic, Kronrod and Faradzev, 1970): the 16 signed sums of each four
// pixels' dy are tabulated once, and each of the filter's rows r adds the entry that its four sign bits pick: one load
// and one addition instead of four multiplications and four additions. Lanes are output channels, 32 at a time; eight
// tables (32 pixels) stay in the first-level cache while all rows pass over them.

import { DEEP, deepOuter, deepScratch } from './signed-deep';
import { At0, At16, At32, At48, At64, At80, At96, At112 } from './offsets';

const GROUPS: i32 = 8; // tables at once
export const PIXELS: i32 = 32; // = 4 * GROUPS
const ENTRY: usize = 128; // bytes of a table entry: 32 channels
const NARROW: usize = 64; // and where no more than 16 are left
const TABLE: usize = 2048; // bytes of a table: 16 entries
/** Blocks whose sum is kept apart before it is added to the total, for accuracy. */
export const PARTIAL: i32 = 64;

/**
 * Sign bytes (8 for a number below 0, else 0) of images [n0 .. n1)[h][w][c] with a border of 0.
 * @param latent whether it is the signs of any numbers that count; else returns 0 as soon as a row holds a number that is not
 *   exactly +1 or -1. Else returns 1.
 */
export function signBytes(
  x: usize, out: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, top: i32, bottom: i32, left: i32, right: i32,
  latent: bool,
): i32 {
  const row = w * c, before = left * c, after = right * c;
  const outRow: usize = before + row + after;
  x += (<usize>n0 * <usize>(h * row)) << 2;
  out += <usize>n0 * <usize>(top + h + bottom) * outRow;
  const magnitude = i32x4.splat(0x7fffffff), one = i32x4.splat(0x3f800000), eight = i8x16.splat(8), zero = f32x4.splat(0);
  for (let n = n0; n < n1; n++) {
    memory.fill(out, 0, <usize>top * outRow);
    out += <usize>top * outRow;
    for (let y = 0; y < h; y++) {
      memory.fill(out, 0, before);
      out += before;
      let wrong = i32x4.splat(0);
      let i = 0;
      for (; i + 16 <= row; i += 16) {
        const a = v128.load(x), b = v128.load(x, 16), d = v128.load(x, 32), e = v128.load(x, 48);
        wrong = v128.or(wrong, v128.xor(v128.and(a, magnitude), one));
        wrong = v128.or(wrong, v128.xor(v128.and(b, magnitude), one));
        wrong = v128.or(wrong, v128.xor(v128.and(d, magnitude), one));
        wrong = v128.or(wrong, v128.xor(v128.and(e, magnitude), one));
        const low = i16x8.narrow_i32x4_s(f32x4.lt(a, zero), f32x4.lt(b, zero));
        const high = i16x8.narrow_i32x4_s(f32x4.lt(d, zero), f32x4.lt(e, zero));
        v128.store(out, v128.and(i8x16.narrow_i16x8_s(low, high), eight));
        x += 64;
        out += 16;
      }
      for (; i < row; i++) {
        const bits = load<u32>(x);
        wrong = v128.or(wrong, i32x4.splat((bits & 0x7fffffff) ^ 0x3f800000));
        store<u8>(out++, <u8>(load<f32>(x) < 0) << 3);
        x += 4;
      }
      if (!latent && v128.any_true(wrong)) return 0;
      memory.fill(out, 0, after);
      out += after;
    }
    memory.fill(out, 0, <usize>bottom * outRow);
    out += <usize>bottom * outRow;
  }
  return 1;
}

/** Bytes of scratch of {@link signedOuter} for so many rows: addresses, picks, tables, a dy block, the partial sums. */
export function signedOuterScratch(rows: i32): i32 {
  const all = 4 * PIXELS + (rows + 16) * GROUPS + GROUPS * <i32>TABLE + PIXELS * <i32>ENTRY + rows * <i32>ENTRY;
  return rows < DEEP ? all : max(all, deepScratch(rows));
}

/**
 * out[r][o] for the channels o0 .. o1 - 1 (o0 a multiple of 32) and the rows m0 .. m1 - 1 of each run, overwritten.
 * @param x sign bytes, with 64 readable bytes past the end; strides in bytes: image, pixel row, pixel, run
 * @param dy [n][oh][ow][o]
 * @param out [runs * m][o]
 */
export function signedOuter(
  x: usize, dy: usize, out: usize, scratch: usize, n: i32, oh: i32, ow: i32,
  xN: usize, xH: usize, xW: usize, runs: i32, runStride: usize, m: i32, o: i32, o0: i32, o1: i32,
  m0: i32, m1: i32,
): void {
  const part = m1 - m0, rows = runs * part, total = n * oh * ow;
  if (rows >= DEEP) return deepOuter(x, dy, out, scratch, n, oh, ow, xN, xH, xW, runs, runStride, m, o, o0, o1, m0, m1);
  const o4: usize = <usize>o << 2;
  const picks = scratch + 4 * PIXELS, tables = picks + <usize>((rows + 16) * GROUPS);
  const block = tables + GROUPS * TABLE, partial = block + PIXELS * ENTRY;
  for (let c = o0; c < o1; c += 32) {
    const width: usize = <usize>min(32, o1 - c) << 2, narrow = width <= NARROW, entry = narrow ? NARROW : ENTRY;
    let image = 0, y = 0, z = 0, pending = 0, first = true;
    memory.fill(partial, 0, <usize>rows * entry);
    for (let p = 0; p < total; p += PIXELS) {
      const count = min(PIXELS, total - p);
      for (let i = 0; i < PIXELS; i++) {
        // Pixels past the end take any sign bits: their dy is 0.
        store<usize>(scratch + (<usize>i << 2), i < count ? x + <usize>image * xN + <usize>y * xH + <usize>z * xW : x);
        if (i < count && ++z == ow) {
          z = 0;
          if (++y == oh) { y = 0; image++; }
        }
      }
      for (let run = 0; run < runs; run++) pickEntries(scratch, <usize>run * runStride + m0, picks + <usize>(run * part * GROUPS), part);
      let from = dy + <usize>p * o4 + (<usize>c << 2), stride = o4;
      if (count < PIXELS || width < entry) {
        memory.fill(block, 0, PIXELS * ENTRY);
        for (let i = 0; i < count; i++) memory.copy(block + <usize>i * entry, from + <usize>i * o4, width);
        from = block;
        stride = entry;
      }
      for (let g = 0; g < GROUPS; g++) {
        if (narrow) tabulateNarrow(from, stride, tables + <usize>g * (TABLE >> 1));
        else tabulate(from, stride, tables + <usize>g * TABLE);
        from += stride << 2;
      }
      if (narrow) addNarrow(picks, tables, partial, rows);
      else addEntries(picks, tables, partial, rows);
      if (++pending == PARTIAL || p + PIXELS >= total) {
        let q = partial;
        for (let run = 0; run < runs; run++)
          for (let r = m0; r < m1; r++) {
            const row = out + <usize>(run * m + r) * o4 + (<usize>c << 2);
            if (first) setRow(row, q, width);
            else addRow(row, q, width);
            q += entry;
          }
        first = false;
        memory.fill(partial, 0, <usize>rows * entry);
        pending = 0;
      }
    }
  }
}

/**
 * For 8 groups of 4 pixels (addresses in `table`) and `m` neighbouring sign bytes at `offset`: picks [m][8], the
 * group's four sign bits times 8. Writes up to 15 rows too many.
 */
export function pickEntries(table: usize, offset: usize, picks: usize, m: i32): void {
  for (let i: usize = 0; i < <usize>m; i += 16) {
    const at = offset + i;
    const g0 = four(table, at), g1 = four(table + 16, at), g2 = four(table + 32, at), g3 = four(table + 48, at);
    const g4 = four(table + 64, at), g5 = four(table + 80, at), g6 = four(table + 96, at), g7 = four(table + 112, at);
    // Transpose 8 rows of 16 bytes.
    const a0 = low8(g0, g1), a1 = low8(g2, g3), a2 = low8(g4, g5), a3 = low8(g6, g7);
    const b0 = high8(g0, g1), b1 = high8(g2, g3), b2 = high8(g4, g5), b3 = high8(g6, g7);
    store8(picks, low16(a0, a1), low16(a2, a3));
    store8(picks + 32, high16(a0, a1), high16(a2, a3));
    store8(picks + 64, low16(b0, b1), low16(b2, b3));
    store8(picks + 96, high16(b0, b1), high16(b2, b3));
    picks += 128;
  }
}

// @ts-ignore: decorator
@inline
export function four(table: usize, at: usize): v128 {
  const a = v128.load(load<usize>(table) + at), b = v128.load(load<usize>(table, 4) + at);
  const c = v128.load(load<usize>(table, 8) + at), d = v128.load(load<usize>(table, 12) + at);
  return v128.or(v128.or(a, i16x8.shl(b, 1)), v128.or(i16x8.shl(c, 2), i16x8.shl(d, 3)));
}
// @ts-ignore: decorator
@inline
export function low8(a: v128, b: v128): v128 { return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
// @ts-ignore: decorator
@inline
export function high8(a: v128, b: v128): v128 { return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); }
// @ts-ignore: decorator
@inline
export function low16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
// @ts-ignore: decorator
@inline
export function high16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
// @ts-ignore: decorator
@inline
function store8(p: usize, a: v128, b: v128): void {
  v128.store(p, v128.shuffle<i32>(a, b, 0, 4, 1, 5));
  v128.store(p, v128.shuffle<i32>(a, b, 2, 6, 3, 7), 16);
}

/** The 16 signed sums of four rows of 32 numbers; bit j of an entry's index stands for minus row j. */
export function tabulate(p: usize, stride: usize, table: usize): void { signedSums(p, stride, table, ENTRY); }
/** Of 16 numbers. */
export function tabulateNarrow(p: usize, stride: usize, table: usize): void { signedSums(p, stride, table, NARROW); }

// @ts-ignore: decorator
@inline
export function signedSums(p: usize, stride: usize, table: usize, entry: usize): void {
  const p1 = p + stride, p2 = p1 + stride, p3 = p2 + stride;
  for (let i: usize = 0; i < entry; i += 16) {
    putSums(table + i, entry, v128.load(p + i), v128.load(p1 + i), v128.load(p2 + i), v128.load(p3 + i));
  }
}

/** The 16 signed sums of four vectors, `entry` bytes apart; bit j of an entry's index stands for minus dj. */
// @ts-ignore: decorator
@inline
export function putSums(t: usize, entry: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
  const a0 = f32x4.add(d0, d1), a1 = f32x4.sub(d1, d0), a2 = f32x4.neg(a1), a3 = f32x4.neg(a0);
  const b0 = f32x4.add(d2, d3), b1 = f32x4.sub(d3, d2);
  putFour(t, entry, a0, a1, a2, a3, b0);
  putFour(t + 4 * entry, entry, a0, a1, a2, a3, b1);
  putFour(t + 8 * entry, entry, a0, a1, a2, a3, f32x4.neg(b1));
  putFour(t + 12 * entry, entry, a0, a1, a2, a3, f32x4.neg(b0));
}

// @ts-ignore: decorator
@inline
function putFour(t: usize, entry: usize, a0: v128, a1: v128, a2: v128, a3: v128, b: v128): void {
  v128.store(t, f32x4.add(a0, b));
  v128.store(t + entry, f32x4.add(a1, b));
  v128.store(t + 2 * entry, f32x4.add(a2, b));
  v128.store(t + 3 * entry, f32x4.add(a3, b));
}

/** sums[r] += the picked entry of each table, for all rows. */
export function addEntries(picks: usize, tables: usize, sums: usize, rows: i32): void {
  const end = picks + <usize>(rows * GROUPS);
  for (; picks < end; picks += GROUPS) {
    const pick = load<u64>(picks);
    const even = <u32>pick, odd = <u32>(pick >> 32);
    const t0 = tables + ((even & 0xff) << 4), t1 = tables + ((even >> 4) & 0xff0);
    const t2 = tables + ((even >> 12) & 0xff0), t3 = tables + ((even >> 20) & 0xff0);
    const t4 = tables + ((odd & 0xff) << 4), t5 = tables + ((odd >> 4) & 0xff0);
    const t6 = tables + ((odd >> 12) & 0xff0), t7 = tables + ((odd >> 20) & 0xff0);
    addEight<At0>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At16>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At32>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At48>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At64>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At80>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At96>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEight<At112>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    sums += ENTRY;
  }
}

/** The same for entries of 16 channels. */
export function addNarrow(picks: usize, tables: usize, sums: usize, rows: i32): void {
  const end = picks + <usize>(rows * GROUPS);
  for (; picks < end; picks += GROUPS) {
    const even = load<u32>(picks), odd = load<u32>(picks, 4);
    const t0 = tables + ((even & 0xff) << 3), t1 = tables + ((even >> 5) & 0x7f8);
    const t2 = tables + ((even >> 13) & 0x7f8), t3 = tables + ((even >> 21) & 0x7f8);
    const t4 = tables + ((odd & 0xff) << 3), t5 = tables + ((odd >> 5) & 0x7f8);
    const t6 = tables + ((odd >> 13) & 0x7f8), t7 = tables + ((odd >> 21) & 0x7f8);
    addEightNarrow<At0>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEightNarrow<At16>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEightNarrow<At32>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    addEightNarrow<At48>(sums, t0, t1, t2, t3, t4, t5, t6, t7);
    sums += NARROW;
  }
}

/** Four channels (at the byte that T stands for) of the eight entries, summed as a tree. */
// @ts-ignore: decorator
@inline
function addEight<T>(s: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize, t6: usize, t7: usize): void {
  const a = f32x4.add(v128.load(t0, offsetof<T>()), v128.load(t1, 2048 + offsetof<T>()));
  const b = f32x4.add(v128.load(t2, 4096 + offsetof<T>()), v128.load(t3, 6144 + offsetof<T>()));
  const c = f32x4.add(v128.load(t4, 8192 + offsetof<T>()), v128.load(t5, 10240 + offsetof<T>()));
  const d = f32x4.add(v128.load(t6, 12288 + offsetof<T>()), v128.load(t7, 14336 + offsetof<T>()));
  v128.store(s, f32x4.add(v128.load(s, offsetof<T>()), f32x4.add(f32x4.add(a, b), f32x4.add(c, d))), offsetof<T>());
}

// @ts-ignore: decorator
@inline
function addEightNarrow<T>(s: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize, t6: usize, t7: usize): void {
  const a = f32x4.add(v128.load(t0, offsetof<T>()), v128.load(t1, 1024 + offsetof<T>()));
  const b = f32x4.add(v128.load(t2, 2048 + offsetof<T>()), v128.load(t3, 3072 + offsetof<T>()));
  const c = f32x4.add(v128.load(t4, 4096 + offsetof<T>()), v128.load(t5, 5120 + offsetof<T>()));
  const d = f32x4.add(v128.load(t6, 6144 + offsetof<T>()), v128.load(t7, 7168 + offsetof<T>()));
  v128.store(s, f32x4.add(v128.load(s, offsetof<T>()), f32x4.add(f32x4.add(a, b), f32x4.add(c, d))), offsetof<T>());
}

/** Sets a row to 0 + another, so that no -0 is left. (A call of memory.fill takes longer than a row.) */
export function setRow(p: usize, q: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(p + i, f32x4.add(f32x4.splat(0), v128.load(q + i)));
  for (; i < bytes; i += 4) store<f32>(p + i, <f32>0 + load<f32>(q + i));
}

export function addRow(p: usize, q: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(p + i, f32x4.add(v128.load(p + i), v128.load(q + i)));
  for (; i < bytes; i += 4) store<f32>(p + i, load<f32>(p + i) + load<f32>(q + i));
}

/**
 * Takes back what border positions, counted as +1, added to out [kh][kw][c][o]: for each tap the sum of dy over the
 * pixels whose tap lies on the border. `sums` holds o numbers. Channels o0 .. o1 - 1.
 */
export function subtractBorder(
  dy: usize, out: usize, sums: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, o: i32, o0: i32, o1: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32,
): void {
  const o4: usize = <usize>o << 2, from: usize = <usize>o0 << 2, width: usize = <usize>(o1 - o0) << 2;
  for (let a = 0; a < kh; a++)
    for (let b = 0; b < kw; b++) {
      memory.fill(sums, 0, width);
      let any = false;
      for (let y = 0; y < oh; y++) {
        const iy = y * sh + a - top, rowOut = iy < 0 || iy >= h;
        for (let z = 0; z < ow; z++) {
          const ix = z * sw + b - left;
          if (!rowOut && ix >= 0 && ix < w) continue;
          any = true;
          for (let i = 0; i < n; i++) addRow(sums, dy + <usize>((i * oh + y) * ow + z) * o4 + from, width);
        }
      }
      if (!any) continue;
      const tap = out + <usize>((a * kw + b) * c) * o4 + from;
      for (let i = 0; i < c; i++) {
        const p = tap + <usize>i * o4;
        let k: usize = 0;
        for (; k + 16 <= width; k += 16) v128.store(p + k, f32x4.sub(v128.load(p + k), v128.load(sums + k)));
        for (; k < width; k += 4) store<f32>(p + k, load<f32>(p + k) - load<f32>(sums + k));
      }
    }
}
