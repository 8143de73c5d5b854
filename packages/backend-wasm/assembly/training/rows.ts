// out[pixel][:] = sum over runs of a contiguous stretch of the image times a stretch of the weight panels.
// One kernel for the forward convolution (a run is a kernel row: kw * c neighbouring numbers), for the input
// gradient (the same on the output gradient with a flipped filter, one phase per stride residue) and for matrix
// products (a pixel is a matrix row, one run). A tile is 5 pixels by 8 channels: 10 accumulators, 2 weights and a
// splat leave no spill on the 16 registers of x86-64.

const BLOCK: i32 = 40; // pixels whose addresses are worked out at once, a multiple of the tile

/**
 * @param x first run of pixel (image 0, 0, 0); strides in bytes
 * @param w panels [ceil(o/8)][runs * length][8]; runs are `runsH` rows of `runsW`
 * @param out pixel (image 0, 0, 0); strides in bytes
 * @param scratch 2 * 4 * BLOCK bytes
 * @param p0 first flat pixel of the range, p1 the one after the last; pixels are counted over (image, oh, ow)
 */
export function convRows(
  x: usize, w: usize, out: usize, scratch: usize, p0: i32, p1: i32, oh: i32, ow: i32, o: i32,
  xN: usize, xH: usize, xW: usize, outN: usize, outH: usize, outW: usize,
  runsH: i32, runsW: i32, runH: usize, runW: usize, length: i32,
): void {
  if (p0 >= p1) return;
  const inTable = scratch, outTable = scratch + 4 * BLOCK;
  const panelBytes: usize = <usize>(runsH * runsW * length) << 5;
  let n = p0 / (oh * ow), rest = p0 - n * oh * ow, y = rest / ow, c = rest - y * ow;
  for (let p = p0; p < p1; p += BLOCK) {
    const count = min(BLOCK, p1 - p);
    for (let i = 0; i < count; i++) {
      store<usize>(inTable + (<usize>i << 2), x + <usize>n * xN + <usize>y * xH + <usize>c * xW);
      store<usize>(outTable + (<usize>i << 2), out + <usize>n * outN + <usize>y * outH + <usize>c * outW);
      if (++c == ow) {
        c = 0;
        if (++y == oh) { y = 0; n++; }
      }
    }
    let panel = w;
    for (let j = 0; j < o; j += 8) {
      const width = min(8, o - j), at = <usize>j << 2;
      let i = 0;
      for (; i + 5 <= count; i += 5)
        rows5(inTable + (<usize>i << 2), outTable + (<usize>i << 2), panel, at, width, runsH, runsW, runH, runW, length);
      const left = count - i, ti = inTable + (<usize>i << 2), to = outTable + (<usize>i << 2);
      if (left == 4) rows4(ti, to, panel, at, width, runsH, runsW, runH, runW, length);
      else if (left == 3) rows3(ti, to, panel, at, width, runsH, runsW, runH, runW, length);
      else if (left == 2) rows2(ti, to, panel, at, width, runsH, runsW, runH, runW, length);
      else if (left == 1) rows1(ti, to, panel, at, width, runsH, runsW, runH, runW, length);
      panel += panelBytes;
    }
  }
}

function rows5(ti: usize, to: usize, w: usize, at: usize, width: i32, rH: i32, rW: i32, sH: usize, sW: usize, length: i32): void { tile(5, ti, to, w, at, width, rH, rW, sH, sW, length); }
function rows4(ti: usize, to: usize, w: usize, at: usize, width: i32, rH: i32, rW: i32, sH: usize, sW: usize, length: i32): void { tile(4, ti, to, w, at, width, rH, rW, sH, sW, length); }
function rows3(ti: usize, to: usize, w: usize, at: usize, width: i32, rH: i32, rW: i32, sH: usize, sW: usize, length: i32): void { tile(3, ti, to, w, at, width, rH, rW, sH, sW, length); }
function rows2(ti: usize, to: usize, w: usize, at: usize, width: i32, rH: i32, rW: i32, sH: usize, sW: usize, length: i32): void { tile(2, ti, to, w, at, width, rH, rW, sH, sW, length); }
function rows1(ti: usize, to: usize, w: usize, at: usize, width: i32, rH: i32, rW: i32, sH: usize, sW: usize, length: i32): void { tile(1, ti, to, w, at, width, rH, rW, sH, sW, length); }

/** `pixels` is a constant at each call, so the branches on it vanish when this is inlined. */
// @ts-ignore: decorator
@inline
function tile(
  pixels: i32, ti: usize, to: usize, w: usize, at: usize, width: i32,
  runsH: i32, runsW: i32, runH: usize, runW: usize, length: i32,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00;
  const bytes: usize = <usize>length << 2;
  const a0 = load<usize>(ti), a1 = pixels > 1 ? load<usize>(ti, 4) : 0, a2 = pixels > 2 ? load<usize>(ti, 8) : 0;
  const a3 = pixels > 3 ? load<usize>(ti, 12) : 0, a4 = pixels > 4 ? load<usize>(ti, 16) : 0;
  for (let y = 0; y < runsH; y++)
    for (let x = 0; x < runsW; x++) {
      const from: usize = <usize>y * runH + <usize>x * runW;
      const end = from + bytes;
      for (let k = from; k < end; k += 4) {
        const b0 = v128.load(w), b1 = v128.load(w, 16);
        w += 32;
        let s = v128.load32_splat(a0 + k);
        c00 = f32x4.add(c00, f32x4.mul(s, b0));
        c01 = f32x4.add(c01, f32x4.mul(s, b1));
        if (pixels > 1) {
          s = v128.load32_splat(a1 + k);
          c10 = f32x4.add(c10, f32x4.mul(s, b0));
          c11 = f32x4.add(c11, f32x4.mul(s, b1));
        }
        if (pixels > 2) {
          s = v128.load32_splat(a2 + k);
          c20 = f32x4.add(c20, f32x4.mul(s, b0));
          c21 = f32x4.add(c21, f32x4.mul(s, b1));
        }
        if (pixels > 3) {
          s = v128.load32_splat(a3 + k);
          c30 = f32x4.add(c30, f32x4.mul(s, b0));
          c31 = f32x4.add(c31, f32x4.mul(s, b1));
        }
        if (pixels > 4) {
          s = v128.load32_splat(a4 + k);
          c40 = f32x4.add(c40, f32x4.mul(s, b0));
          c41 = f32x4.add(c41, f32x4.mul(s, b1));
        }
      }
    }
  put(load<usize>(to) + at, c00, c01, width);
  if (pixels > 1) put(load<usize>(to, 4) + at, c10, c11, width);
  if (pixels > 2) put(load<usize>(to, 8) + at, c20, c21, width);
  if (pixels > 3) put(load<usize>(to, 12) + at, c30, c31, width);
  if (pixels > 4) put(load<usize>(to, 16) + at, c40, c41, width);
}

// @ts-ignore: decorator
@inline
function put(out: usize, low: v128, high: v128, width: i32): void {
  if (width == 8) {
    v128.store(out, low);
    v128.store(out, high, 16);
  } else putPart(out, low, high, width);
}

/** Stores the first `width` (1..7) of eight numbers. */
function putPart(out: usize, low: v128, high: v128, width: i32): void {
  let rest = low;
  if (width >= 4) {
    v128.store(out, low);
    out += 16;
    width -= 4;
    rest = high;
  }
  if (width > 0) v128.store_lane<f32>(out, rest, 0);
  if (width > 1) v128.store_lane<f32>(out, rest, 1, 4);
  if (width > 2) v128.store_lane<f32>(out, rest, 2, 8);
}
