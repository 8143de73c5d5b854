// out[run][m][o] = sum over pixels of x[pixel, run][m] * dy[pixel][o]: the filter gradient of a convolution (a run is
// a kernel row, m counts its kw * c numbers) and the product with a transposed left matrix (one run, a pixel is a
// row). No transposes and no im2col: pixels are taken in blocks that stay in the first-level cache, the block's dy is
// packed into panels once, and a tile of 4 by 8 sums is held in registers over the block. Block sums are added to
// the total afterwards, which also keeps rounding errors small over long sums.

const BLOCK: i32 = 96; // pixels in a block, about: whole rows where they are short, else parts of a row

/**
 * @param x first number of (image n0, pixel 0, 0), strides in bytes: image, pixel row, pixel, run
 * @param dy [n1][oh][ow][o]
 * @param out [runs][m][o], of which the rows m0 .. m1 - 1 of each run are overwritten
 * @param scratch outerScratch(ow, o) bytes
 */
export function outerSum(
  x: usize, dy: usize, out: usize, scratch: usize, n0: i32, n1: i32, oh: i32, ow: i32,
  xN: usize, xH: usize, xW: usize, runs: i32, runStride: usize, m: i32, o: i32, m0: i32, m1: i32,
): void {
  const rowBlock = max(1, BLOCK / ow), colBlock = rowBlock > 1 ? ow : min(ow, BLOCK);
  const o4: usize = <usize>o << 2;
  x += <usize>m0 << 2;
  out += <usize>m0 * o4;
  for (let r = 0; r < runs; r++) memory.fill(out + <usize>(r * m) * o4, 0, <usize>(m1 - m0) * o4);
  for (let n = n0; n < n1; n++)
    for (let y = 0; y < oh; y += rowBlock)
      for (let c = 0; c < ow; c += colBlock) {
        const rows = min(rowBlock, oh - y), cols = min(colBlock, ow - c);
        const count = rows * cols;
        const panel: usize = <usize>count << 5;
        packBlock(dy + <usize>((n * oh + y) * ow + c) * o4, scratch, count, o, o4);
        const corner = x + <usize>n * xN + <usize>y * xH + <usize>c * xW;
        for (let r = 0; r < runs; r++) {
          let p = corner + <usize>r * runStride, at = out + <usize>(r * m) * o4;
          let i = m0;
          for (; i + 4 <= m1; i += 4) {
            for (let j = 0; j < o; j += 8) {
              const b = scratch + <usize>(j >> 3) * panel;
              const width = o - j;
              if (width > 4) outer4x8(p, b, at + (<usize>j << 2), rows, cols, xH, xW, o4, width);
              else outer4x4(p, b, at + (<usize>j << 2), rows, cols, xH, xW, o4, width);
            }
            at += o4 << 2;
            p += 16;
          }
          const left = m1 - i;
          if (left > 0)
            for (let j = 0; j < o; j += 8) {
              const b = scratch + <usize>(j >> 3) * panel, to = at + (<usize>j << 2);
              if (left == 3) outer3x8(p, b, to, rows, cols, xH, xW, o4, o - j);
              else if (left == 2) outer2x8(p, b, to, rows, cols, xH, xW, o4, o - j);
              else outer1x8(p, b, to, rows, cols, xH, xW, o4, o - j);
            }
        }
      }
}

/** Bytes of scratch that {@link outerSum} needs. */
export function outerScratch(ow: i32, o: i32): i32 {
  return max(BLOCK, ow < BLOCK ? BLOCK : 0) * (((o + 7) >> 3) << 5);
}

/** Panels [ceil(o/8)][count][8] of `count` rows of o numbers. */
function packBlock(dy: usize, out: usize, count: i32, o: i32, o4: usize): void {
  let j = 0;
  for (; j + 8 <= o; j += 8) {
    let p = dy + (<usize>j << 2);
    for (let i = 0; i < count; i++) {
      v128.store(out, v128.load(p));
      v128.store(out, v128.load(p, 16), 16);
      out += 32;
      p += o4;
    }
  }
  if (j == o) return;
  const width = o - j;
  let p = dy + (<usize>j << 2);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 8; k++) store<f32>(out + (<usize>k << 2), k < width ? load<f32>(p + (<usize>k << 2)) : 0);
    out += 32;
    p += o4;
  }
}

function outer4x8(p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void { tile(4, true, p, b, out, rows, cols, xH, xW, o4, width); }
function outer4x4(p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void { tile(4, false, p, b, out, rows, cols, xH, xW, o4, width); }
function outer3x8(p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void { tile(3, true, p, b, out, rows, cols, xH, xW, o4, width); }
function outer2x8(p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void { tile(2, true, p, b, out, rows, cols, xH, xW, o4, width); }
function outer1x8(p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void { tile(1, true, p, b, out, rows, cols, xH, xW, o4, width); }

/** `m` and `wide` are constants at each call, so the branches on them vanish when this is inlined. */
// @ts-ignore: decorator
@inline
function tile(m: i32, wide: bool, p: usize, b: usize, out: usize, rows: i32, cols: i32, xH: usize, xW: usize, o4: usize, width: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (let y = 0; y < rows; y++) {
    let q = p;
    for (let i = 0; i < cols; i++) {
      const b0 = v128.load(b), b1 = wide ? v128.load(b, 16) : b0;
      let s = v128.load32_splat(q);
      c00 = f32x4.add(c00, f32x4.mul(s, b0));
      if (wide) c01 = f32x4.add(c01, f32x4.mul(s, b1));
      if (m > 1) {
        s = v128.load32_splat(q, 4);
        c10 = f32x4.add(c10, f32x4.mul(s, b0));
        if (wide) c11 = f32x4.add(c11, f32x4.mul(s, b1));
      }
      if (m > 2) {
        s = v128.load32_splat(q, 8);
        c20 = f32x4.add(c20, f32x4.mul(s, b0));
        if (wide) c21 = f32x4.add(c21, f32x4.mul(s, b1));
      }
      if (m > 3) {
        s = v128.load32_splat(q, 12);
        c30 = f32x4.add(c30, f32x4.mul(s, b0));
        if (wide) c31 = f32x4.add(c31, f32x4.mul(s, b1));
      }
      b += 32;
      q += xW;
    }
    p += xH;
  }
  accumulate(out, c00, c01, width);
  if (m > 1) accumulate(out + o4, c10, c11, width);
  if (m > 2) accumulate(out + 2 * o4, c20, c21, width);
  if (m > 3) accumulate(out + 3 * o4, c30, c31, width);
}

/** Adds the first `width` of eight numbers to memory. */
// @ts-ignore: decorator
@inline
function accumulate(out: usize, low: v128, high: v128, width: i32): void {
  if (width >= 8) {
    v128.store(out, f32x4.add(v128.load(out), low));
    v128.store(out, f32x4.add(v128.load(out, 16), high), 16);
  } else accumulatePart(out, low, high, width);
}

function accumulatePart(out: usize, low: v128, high: v128, width: i32): void {
  let rest = low;
  if (width >= 4) {
    v128.store(out, f32x4.add(v128.load(out), low));
    out += 16;
    width -= 4;
    rest = high;
  }
  if (width > 0) store<f32>(out, load<f32>(out) + f32x4.extract_lane(rest, 0));
  if (width > 1) store<f32>(out, load<f32>(out, 4) + f32x4.extract_lane(rest, 1), 4);
  if (width > 2) store<f32>(out, load<f32>(out, 8) + f32x4.extract_lane(rest, 2), 8);
}
