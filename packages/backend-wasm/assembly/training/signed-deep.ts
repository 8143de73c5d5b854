// signedOuter for many rows: tables of eight pixels, of 256 entries, which are the sums of two entries for four pixels. So half of
// the additions are in the tables, and their order is the same, bit for bit. To stay in the first-level cache, the four tables of 32
// pixels are of 8 channels; what rows pick is noted once for all channels, of as many blocks as are summed up apart.

import { At0, At16 } from './offsets';
import { addRow, setRow, four, high16, high8, low16, low8, PARTIAL, PIXELS, signedSums } from './signed-outer';

const ENTRY: usize = 32; // bytes of a table entry: 8 channels
const TABLE: usize = 8192; // bytes of a table: 256 entries
const TABLES: usize = 4 * TABLE;
const SMALL: usize = 16 * ENTRY; // bytes of the entries of four pixels

/** Rows from which the larger tables pay. */
export const DEEP: i32 = 1024;

/** Bytes of scratch: addresses, tables, entries of four pixels twice, a dy block, the partial sums, picks of all blocks. */
export function deepScratch(rows: i32): i32 {
  const fixed = 4 * PIXELS + <i32>TABLES + 2 * <i32>SMALL + PIXELS * <i32>ENTRY;
  return fixed + (rows + 16) * <i32>ENTRY + PARTIAL * (rows + 16) * 4;
}

/** As signedOuter; o0 is a multiple of 8. */
export function deepOuter(
  x: usize, dy: usize, out: usize, scratch: usize, n: i32, oh: i32, ow: i32,
  xN: usize, xH: usize, xW: usize, runs: i32, runStride: usize, m: i32, o: i32, o0: i32, o1: i32,
  m0: i32, m1: i32,
): void {
  const part = m1 - m0, rows = runs * part, total = n * oh * ow, o4: usize = <usize>o << 2;
  const tables = scratch + 4 * PIXELS, small = tables + TABLES, block = small + 2 * SMALL;
  const partial = block + PIXELS * ENTRY, picks = partial + <usize>(rows + 16) * ENTRY, pickBytes = <usize>(rows + 16) << 2;
  let image = 0, y = 0, z = 0;
  for (let start = 0; start < total; start += PARTIAL * PIXELS) {
    const end = min(total, start + PARTIAL * PIXELS);
    let to = picks;
    for (let p = start; p < end; p += PIXELS, to += pickBytes) {
      for (let i = 0; i < PIXELS; i++) {
        // Pixels past the end take any sign bits: their dy is 0.
        const there = p + i < end;
        store<usize>(scratch + (<usize>i << 2), there ? x + <usize>image * xN + <usize>y * xH + <usize>z * xW : x);
        if (there && ++z == ow) {
          z = 0;
          if (++y == oh) { y = 0; image++; }
        }
      }
      for (let run = 0; run < runs; run++) pickPairs(scratch, <usize>run * runStride + m0, to + (<usize>(run * part) << 2), part);
    }
    for (let c = o0; c < o1; c += 8) {
      const width: usize = <usize>min(8, o1 - c) << 2;
      memory.fill(partial, 0, <usize>rows * ENTRY);
      let from = picks;
      for (let p = start; p < end; p += PIXELS, from += pickBytes) {
        let q = dy + <usize>p * o4 + (<usize>c << 2), stride = o4;
        const count = min(PIXELS, end - p);
        if (count < PIXELS || width < ENTRY) {
          memory.fill(block, 0, PIXELS * ENTRY);
          for (let i = 0; i < count; i++) memory.copy(block + <usize>i * ENTRY, q + <usize>i * o4, width);
          q = block;
          stride = ENTRY;
        }
        for (let g: usize = 0; g < TABLES; g += TABLE, q += stride << 3) {
          smallSums(q, stride, small);
          smallSums(q + (stride << 2), stride, small + SMALL);
          pairSums(small, tables + g);
        }
        addPairs(from, tables, partial, rows);
      }
      let q = partial;
      for (let run = 0; run < runs; run++)
        for (let r = m0; r < m1; r++, q += ENTRY) {
          const row = out + <usize>(run * m + r) * o4 + (<usize>c << 2);
          if (start == 0) setRow(row, q, width);
          else addRow(row, q, width);
        }
    }
  }
}

/** The 16 signed sums of four rows of 8 numbers. */
export function smallSums(p: usize, stride: usize, table: usize): void { signedSums(p, stride, table, ENTRY); }

/** The 256 sums of an entry of the first 16 (which changes faster) and one of the second 16. */
export function pairSums(small: usize, table: usize): void {
  for (const end = table + TABLE, second = small + SMALL; table < end; ) {
    const b0 = v128.load(small, SMALL), b1 = v128.load(small, SMALL + 16);
    for (let a = second - SMALL; a < second; a += 4 * ENTRY, table += 4 * ENTRY) {
      v128.store(table, f32x4.add(v128.load(a), b0));
      v128.store(table, f32x4.add(v128.load(a, 16), b1), 16);
      v128.store(table, f32x4.add(v128.load(a, 32), b0), 32);
      v128.store(table, f32x4.add(v128.load(a, 48), b1), 48);
      v128.store(table, f32x4.add(v128.load(a, 64), b0), 64);
      v128.store(table, f32x4.add(v128.load(a, 80), b1), 80);
      v128.store(table, f32x4.add(v128.load(a, 96), b0), 96);
      v128.store(table, f32x4.add(v128.load(a, 112), b1), 112);
    }
    small += ENTRY;
  }
}

/**
 * For 8 groups of 4 pixels (addresses in `table`) and `m` neighbouring sign bytes at `offset`: picks [m][4], the sign bits of two
 * groups. Writes up to 15 rows too many.
 */
export function pickPairs(table: usize, offset: usize, picks: usize, m: i32): void {
  for (let i: usize = 0; i < <usize>m; i += 16, picks += 64) {
    const at = offset + i;
    const p0 = pair(four(table, at), four(table + 16, at)), p1 = pair(four(table + 32, at), four(table + 48, at));
    const p2 = pair(four(table + 64, at), four(table + 80, at)), p3 = pair(four(table + 96, at), four(table + 112, at));
    const a = low8(p0, p1), b = low8(p2, p3), c = high8(p0, p1), d = high8(p2, p3);
    v128.store(picks, low16(a, b));
    v128.store(picks, high16(a, b), 16);
    v128.store(picks, low16(c, d), 32);
    v128.store(picks, high16(c, d), 48);
  }
}

/** Bytes of 8 times the bits of two groups, as a byte of both. */
// @ts-ignore: decorator
@inline
function pair(low: v128, high: v128): v128 { return v128.or(i16x8.shr_u(low, 3), i16x8.shl(high, 1)); }

/** sums[r] += the picked entry of each table, for all rows; two at a time, one too many where their number is odd. */
export function addPairs(picks: usize, tables: usize, sums: usize, rows: i32): void {
  for (const end = picks + (<usize>rows << 2); picks < end; picks += 8, sums += 2 * ENTRY) {
    const even = load<u32>(picks), odd = load<u32>(picks, 4);
    const t0 = tables + ((even & 0xff) << 5), t1 = tables + ((even >> 3) & 0x1fe0);
    const t2 = tables + ((even >> 11) & 0x1fe0), t3 = tables + ((even >> 19) & 0x1fe0);
    addFour<At0>(sums, t0, t1, t2, t3);
    addFour<At16>(sums, t0, t1, t2, t3);
    const u0 = tables + ((odd & 0xff) << 5), u1 = tables + ((odd >> 3) & 0x1fe0);
    const u2 = tables + ((odd >> 11) & 0x1fe0), u3 = tables + ((odd >> 19) & 0x1fe0);
    addFour<At0>(sums + ENTRY, u0, u1, u2, u3);
    addFour<At16>(sums + ENTRY, u0, u1, u2, u3);
  }
}

// @ts-ignore: decorator
@inline
function addFour<T>(s: usize, t0: usize, t1: usize, t2: usize, t3: usize): void {
  const a = f32x4.add(v128.load(t0, offsetof<T>()), v128.load(t1, 8192 + offsetof<T>()));
  const b = f32x4.add(v128.load(t2, 16384 + offsetof<T>()), v128.load(t3, 24576 + offsetof<T>()));
  v128.store(s, f32x4.add(v128.load(s, offsetof<T>()), f32x4.add(a, b)), offsetof<T>());
}
