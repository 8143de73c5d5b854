// The input gradient where the filter is +-1 (binary weights), stride 1: dx[pixel][c] = sum of +-dy.
// The four Russians again, with pixels as lanes: for each four output channels the 16 signed sums of their dy planes
// are tabulated over a block of pixels, and each (tap, input channel) adds the entry that the filter's four signs
// pick, shifted by the tap. Pixels are numbered over a grid with zero rows and columns between the images, so that a
// tap is one shift for the whole block and nothing needs a bounds check.

import { putSums } from './signed-outer';
import { At0, At16, At32, At48, At64, At80, At96, At112 } from './offsets';

const BLOCK: i32 = 128; // pixels of a block
const SPAN: usize = 128; // bytes of the 32 pixels that are summed in registers

/** Groups of four channels whose tables are made at once: what fits the first-level cache, at most 4. */
export function signedRowsGroups(entry: i32): i32 {
  return max(1, min(4, 26000 / (entry << 6)));
}

/** Numbers of a table entry: the block and its halo, a whole number of vectors. */
export function signedRowsEntry(halo: i32): i32 {
  return (BLOCK + halo + 3) & ~3;
}

/** Blocks of {@link signedRows}, for images of h rows on a grid [n][gh][gw]. */
export function signedRowsBlocks(n: i32, gh: i32, gw: i32, h: i32): i32 {
  return (n * gh * gw + BLOCK - 1) / BLOCK;
}

/**
 * For filter [taps][c][o], the byte offset of the picked entry plus the tap's shift, in the order in which
 * {@link signedRows} adds: by sets of `groups` groups of four output channels, input channel, group, tap.
 * @param shifts bytes, for each tap
 * @param latent whether it is the signs of any numbers that count; else returns 0 at the first number that is not exactly +1 or
 *   -1. Else returns 1. Channels o0 .. o1 - 1, o0 a multiple of `4 * groups`.
 */
export function pickOffsets(
  w: usize, out: usize, shifts: usize, taps: i32, c: i32, o: i32, o0: i32, o1: i32, entry: i32, latent: bool,
): i32 {
  const magnitude = i32x4.splat(0x7fffffff), one = i32x4.splat(0x3f800000);
  const set = signedRowsGroups(entry) << 2;
  // Rows of the filter are read from end to end, those of all taps at the same time: far apart, they would miss the caches.
  for (let i = 0; i < c; i++)
    for (let k = o0; k < o1; k += set) {
      const end = min(o, k + set);
      let to = out + <usize>(taps * (k * c + i * ((end - k + 3) & ~3)));
      for (let j = k; j < end; j += 4) {
        const width = o - j, table = ((j - k) >> 2) * (entry << 6);
        for (let t = 0; t < taps; t++) {
          const p = w + (<usize>((t * c + i) * o + j) << 2);
          const v = width >= 4 ? v128.load(p) : firstOf(p, width);
          if (!latent && v128.any_true(v128.xor(v128.and(v, magnitude), one))) return 0;
          store<i32>(to, table + i32x4.bitmask(f32x4.lt(v, f32x4.splat(0))) * (entry << 2) + load<i32>(shifts + (<usize>t << 2)));
          to += 4;
        }
      }
    }
  return 1;
}

/** The first `width` (1..3) numbers, +1 elsewhere. */
function firstOf(p: usize, width: i32): v128 {
  let v = f32x4.splat(1);
  v = v128.load_lane<f32>(p, v, 0);
  if (width > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (width > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** Bytes of scratch of {@link signedRows}. */
export function signedRowsScratch(c: i32, o: i32, entry: i32): i32 {
  return entry * 4 + BLOCK * 4 + ((o + 3) & ~3) * 4 + signedRowsGroups(entry) * entry * 64 + ((c + 3) & ~3) * BLOCK * 4;
}

/**
 * dx of the grid blocks b0 .. b1 - 1 (of 128 grid positions each). Position q of the grid is (image, row, column) of
 * [n][gh][gw]; dy is there for row < oh, column < ow, dx for row < h, column < w.
 * @param first the smallest shift in positions (negative or 0): a table starts at position 128 b + first
 * @param entry signedRowsEntry(halo), halo the largest minus the smallest shift
 */
export function signedRows(
  dy: usize, offsets: usize, dx: usize, scratch: usize, b0: i32, b1: i32, n: i32, gh: i32, gw: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, o: i32, taps: i32, first: i32, entry: i32,
): void {
  const from = scratch, to = from + (<usize>entry << 2), zeros = to + BLOCK * 4;
  const o4: usize = <usize>o << 2, c4: usize = <usize>c << 2, zeroBytes: usize = (<usize>o + 3 & ~3) << 2;
  const groups = signedRowsGroups(entry), table: usize = <usize>entry << 6;
  const tables = zeros + zeroBytes, sums = tables + <usize>groups * table;
  memory.fill(zeros, 0, zeroBytes);
  for (let b = b0; b < b1; b++) {
    const start = b * BLOCK + first;
    // Positions before the first image lie in an image of their own.
    const q = start + gh * gw;
    let image = q / (gh * gw) - 1, y = q % (gh * gw) / gw, z = q % (gh * gw) % gw;
    for (let i = 0; i < entry; i++) {
      const there = image >= 0 && image < n && y < oh && z < ow;
      store<usize>(from + (<usize>i << 2), there ? dy + <usize>((image * oh + y) * ow + z) * o4 : zeros);
      if (++z == gw) {
        z = 0;
        if (++y == gh) { y = 0; image++; }
      }
    }
    let used = 0;
    image = b * BLOCK / (gh * gw), y = b * BLOCK % (gh * gw) / gw, z = b * BLOCK % (gh * gw) % gw;
    for (let i = 0; i < BLOCK; i++) {
      const inside = image < n && y < h && z < w;
      store<usize>(to + (<usize>i << 2), inside ? dx + <usize>((image * h + y) * w + z) * c4 : 0);
      if (inside) used = i + 1;
      if (++z == gw) {
        z = 0;
        if (++y == gh) { y = 0; image++; }
      }
    }
    if (used == 0) continue;
    // The last block of some images may be all but empty.
    const bytes: usize = <usize>((used + 31) & ~31) << 2;
    memory.fill(sums, 0, <usize>c * (BLOCK << 2));
    let pick = offsets;
    for (let k = 0; k < o; k += groups << 2) {
      let picks = 0;
      for (let j = k; j < min(o, k + (groups << 2)); j += 4) {
        tabulatePlanes(from, <usize>j << 2, o - j, tables + <usize>((j - k) >> 2) * table, entry);
        picks += taps;
      }
      for (let i = 0; i < c; i++) {
        addTaps(tables, pick, sums + <usize>i * (BLOCK << 2), picks, bytes);
        pick += <usize>picks << 2;
      }
    }
    scatter(sums, to, c);
  }
}

/** The 16 signed sums of four channels (at byte `at` of each pixel) over `entry` pixels; bit j stands for minus channel j. */
export function tabulatePlanes(from: usize, at: usize, width: i32, tables: usize, entry: i32): void {
  const size: usize = <usize>entry << 2;
  for (let i: usize = 0; i < size; i += 16) {
    const p0 = load<usize>(from + i) + at, p1 = load<usize>(from + i, 4) + at;
    const p2 = load<usize>(from + i, 8) + at, p3 = load<usize>(from + i, 12) + at;
    const r0 = width >= 4 ? v128.load(p0) : firstOrZero(p0, width), r1 = width >= 4 ? v128.load(p1) : firstOrZero(p1, width);
    const r2 = width >= 4 ? v128.load(p2) : firstOrZero(p2, width), r3 = width >= 4 ? v128.load(p3) : firstOrZero(p3, width);
    const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const y0 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), y1 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const d0 = v128.shuffle<f32>(x0, y0, 0, 1, 4, 5), d1 = v128.shuffle<f32>(x0, y0, 2, 3, 6, 7);
    const d2 = v128.shuffle<f32>(x1, y1, 0, 1, 4, 5), d3 = v128.shuffle<f32>(x1, y1, 2, 3, 6, 7);
    putSums(tables + i, size, d0, d1, d2, d3);
  }
}

function firstOrZero(p: usize, width: i32): v128 {
  let v = v128.load32_zero(p);
  if (width > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (width > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/**
 * Adds the picked entries of all taps to `bytes` of sums of a block, in their order, six at a time. The sums pass through memory: V8
 * would load all that a loop's accumulators are to take before the first addition, and spill it.
 */
export function addTaps(tables: usize, offsets: usize, sums: usize, taps: i32, bytes: usize): void {
  const end = offsets + (<usize>taps << 2), sumsEnd = sums + bytes;
  for (const sixes = offsets + <usize>(taps / 6 * 24); offsets < sixes; offsets += 24) {
    let t0 = tables + load<usize>(offsets), t1 = tables + load<usize>(offsets, 4), t2 = tables + load<usize>(offsets, 8);
    let t3 = tables + load<usize>(offsets, 12), t4 = tables + load<usize>(offsets, 16), t5 = tables + load<usize>(offsets, 20);
    for (let s = sums; s < sumsEnd; s += SPAN) {
      addSix<At0>(s, t0, t1, t2, t3, t4, t5);
      addSix<At16>(s, t0, t1, t2, t3, t4, t5);
      addSix<At32>(s, t0, t1, t2, t3, t4, t5);
      addSix<At48>(s, t0, t1, t2, t3, t4, t5);
      addSix<At64>(s, t0, t1, t2, t3, t4, t5);
      addSix<At80>(s, t0, t1, t2, t3, t4, t5);
      addSix<At96>(s, t0, t1, t2, t3, t4, t5);
      addSix<At112>(s, t0, t1, t2, t3, t4, t5);
      t0 += SPAN;
      t1 += SPAN;
      t2 += SPAN;
      t3 += SPAN;
      t4 += SPAN;
      t5 += SPAN;
    }
  }
  for (; offsets < end; offsets += 4) {
    let t = tables + load<usize>(offsets);
    for (let s = sums; s < sumsEnd; s += SPAN) {
      addOne<At0>(s, t);
      addOne<At16>(s, t);
      addOne<At32>(s, t);
      addOne<At48>(s, t);
      addOne<At64>(s, t);
      addOne<At80>(s, t);
      addOne<At96>(s, t);
      addOne<At112>(s, t);
      t += SPAN;
    }
  }
}

// @ts-ignore: decorator
@inline
function addOne<T>(s: usize, t: usize): void {
  v128.store(s, f32x4.add(v128.load(s, offsetof<T>()), v128.load(t, offsetof<T>())), offsetof<T>());
}

// @ts-ignore: decorator
@inline
function addSix<T>(s: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize): void {
  let v = f32x4.add(v128.load(s, offsetof<T>()), v128.load(t0, offsetof<T>()));
  v = f32x4.add(v, v128.load(t1, offsetof<T>()));
  v = f32x4.add(v, v128.load(t2, offsetof<T>()));
  v = f32x4.add(v, v128.load(t3, offsetof<T>()));
  v = f32x4.add(v, v128.load(t4, offsetof<T>()));
  v = f32x4.add(v, v128.load(t5, offsetof<T>()));
  v128.store(s, v, offsetof<T>());
}

/** Writes sums [c][128] to the pixels' channels; address 0 stands for a position between images. */
export function scatter(sums: usize, to: usize, c: i32): void {
  const row: usize = BLOCK << 2;
  let i = 0;
  for (; i + 4 <= c; i += 4) {
    const s = sums + <usize>i * row, at: usize = <usize>i << 2;
    for (let q: usize = 0; q < row; q += 16) {
      const r0 = v128.load(s + q), r1 = v128.load(s + row + q), r2 = v128.load(s + 2 * row + q), r3 = v128.load(s + 3 * row + q);
      const x0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), x1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const y0 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), y1 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      const p0 = load<usize>(to + q), p1 = load<usize>(to + q, 4), p2 = load<usize>(to + q, 8), p3 = load<usize>(to + q, 12);
      if (p0) v128.store(p0 + at, v128.shuffle<f32>(x0, y0, 0, 1, 4, 5));
      if (p1) v128.store(p1 + at, v128.shuffle<f32>(x0, y0, 2, 3, 6, 7));
      if (p2) v128.store(p2 + at, v128.shuffle<f32>(x1, y1, 0, 1, 4, 5));
      if (p3) v128.store(p3 + at, v128.shuffle<f32>(x1, y1, 2, 3, 6, 7));
    }
  }
  for (; i < c; i++)
    for (let q: usize = 0; q < row; q += 4) {
      const p = load<usize>(to + q);
      if (p) store<f32>(p + (<usize>i << 2), load<f32>(sums + <usize>i * row + q));
    }
}
