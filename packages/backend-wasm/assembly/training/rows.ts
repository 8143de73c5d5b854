// out[pixel][:] = sum over runs of a contiguous stretch of the image times a stretch of the weight panels.
// One kernel for the forward convolution (a run is a kernel row: kw * c neighbouring numbers), for the input
// gradient (the same on the output gradient with a flipped filter, one phase per stride residue) and for matrix
// products (a pixel is a matrix row, one run). A tile is 5 pixels by 8 channels: 10 accumulators, 2 weights and a
// splat leave no spill on the 16 registers of x86-64.

const BLOCK: i32 = 40; // pixels whose addresses are worked out at once, a multiple of the tile

/**
 * @param x first run of pixel (image 0, 0, 0); strides in bytes
 * @param w panels [ceil(o/8)][runs * length][8]; runs are `runsH` rows of `runsW`
 * @param bias panels [ceil(o/8)][8], or 0
 * @param out pixel (image 0, 0, 0); strides in bytes
 * @param scratch 8 * BLOCK + 160 bytes: two address tables and the sums of a tile; and, to gather the runs of a pixel
 *   into one (`gather`, worth it for short runs), 4 * BLOCK * runs * length bytes
 * @param p0 first flat pixel of the range, p1 the one after the last; pixels are counted over (image, oh, ow)
 */
export function convRows(
  x: usize, w: usize, bias: usize, out: usize, scratch: usize, p0: i32, p1: i32, oh: i32, ow: i32, o: i32,
  xN: usize, xH: usize, xW: usize, outN: usize, outH: usize, outW: usize,
  runsH: i32, runsW: i32, runH: usize, runW: usize, length: i32, gather: bool,
): void {
  if (p0 >= p1) return;
  const inTable = scratch, outTable = scratch + 4 * BLOCK, sums = outTable + 4 * BLOCK;
  const runs = runsH * runsW;
  const runBytes: usize = <usize>length << 2, panelBytes: usize = <usize>(runs * length) << 5;
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
    if (gather) {
      let to = sums + 160;
      for (let i = 0; i < count; i++) {
        const from = load<usize>(inTable + (<usize>i << 2));
        store<usize>(inTable + (<usize>i << 2), to);
        for (let r = 0; r < runsH; r++)
          for (let q = 0; q < runsW; q++) {
            const run = from + <usize>r * runH + <usize>q * runW;
            for (let k: usize = 0; k < runBytes; k += 4) store<u32>(to + k, load<u32>(run + k));
            to += runBytes;
          }
      }
    }
    let panel = w;
    for (let j = 0; j < o; j += 8) {
      const width = min(8, o - j);
      for (let i = 0; i < count; i += 5) {
        const t = inTable + (<usize>i << 2), pixels = min(5, count - i);
        const low = bias ? v128.load(bias + (<usize>j << 2)) : f32x4.splat(0);
        const high = bias ? v128.load(bias + (<usize>j << 2), 16) : f32x4.splat(0);
        for (let k: usize = 0; k < 160; k += 16) v128.store(sums + k, f32x4.splat(0));
        let run = panel;
        if (gather) {
          if (pixels == 5) rows5(t, panel, sums, 0, panelBytes >> 3);
          else if (pixels == 4) rows4(t, panel, sums, 0, panelBytes >> 3);
          else if (pixels == 3) rows3(t, panel, sums, 0, panelBytes >> 3);
          else if (pixels == 2) rows2(t, panel, sums, 0, panelBytes >> 3);
          else rows1(t, panel, sums, 0, panelBytes >> 3);
        } else for (let r = 0; r < runsH; r++)
          for (let q = 0; q < runsW; q++) {
            const from = <usize>r * runH + <usize>q * runW;
            if (pixels == 5) rows5(t, run, sums, from, runBytes);
            else if (pixels == 4) rows4(t, run, sums, from, runBytes);
            else if (pixels == 3) rows3(t, run, sums, from, runBytes);
            else if (pixels == 2) rows2(t, run, sums, from, runBytes);
            else rows1(t, run, sums, from, runBytes);
            run += runBytes << 3;
          }
        const to = outTable + (<usize>i << 2);
        // The bias comes last, as in a packed model.
        for (let k = 0; k < pixels; k++) {
          const s = sums + (<usize>k << 5);
          put(load<usize>(to + (<usize>k << 2)) + (<usize>j << 2), f32x4.add(v128.load(s), low), f32x4.add(v128.load(s, 16), high), width);
        }
      }
      panel += panelBytes;
    }
  }
}

export function rows5(t: usize, w: usize, sums: usize, from: usize, bytes: usize): void { tile(5, t, w, sums, from, bytes); }
export function rows4(t: usize, w: usize, sums: usize, from: usize, bytes: usize): void { tile(4, t, w, sums, from, bytes); }
export function rows3(t: usize, w: usize, sums: usize, from: usize, bytes: usize): void { tile(3, t, w, sums, from, bytes); }
export function rows2(t: usize, w: usize, sums: usize, from: usize, bytes: usize): void { tile(2, t, w, sums, from, bytes); }
export function rows1(t: usize, w: usize, sums: usize, from: usize, bytes: usize): void { tile(1, t, w, sums, from, bytes); }

/**
 * Adds one run to the sums of 5 or fewer pixels. `pixels` is a constant at each call, so the branches on it vanish
 * when this is inlined. The sums pass through memory from run to run, because V8 spills the accumulators of a loop
 * nest: one flat loop in a function runs 1.6 times as fast.
 */
// @ts-ignore: decorator
@inline
function tile(pixels: i32, t: usize, w: usize, sums: usize, from: usize, bytes: usize): void {
  const a0 = load<usize>(t) + from, a1 = pixels > 1 ? load<usize>(t, 4) + from : 0;
  const a2 = pixels > 2 ? load<usize>(t, 8) + from : 0, a3 = pixels > 3 ? load<usize>(t, 12) + from : 0;
  const a4 = pixels > 4 ? load<usize>(t, 16) + from : 0;
  let c00 = v128.load(sums), c01 = v128.load(sums, 16), c10 = v128.load(sums, 32), c11 = v128.load(sums, 48);
  let c20 = v128.load(sums, 64), c21 = v128.load(sums, 80), c30 = v128.load(sums, 96), c31 = v128.load(sums, 112);
  let c40 = v128.load(sums, 128), c41 = v128.load(sums, 144);
  for (let k: usize = 0; k < bytes; k += 4) {
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
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  if (pixels > 1) {
    v128.store(sums, c10, 32);
    v128.store(sums, c11, 48);
  }
  if (pixels > 2) {
    v128.store(sums, c20, 64);
    v128.store(sums, c21, 80);
  }
  if (pixels > 3) {
    v128.store(sums, c30, 96);
    v128.store(sums, c31, 112);
  }
  if (pixels > 4) {
    v128.store(sums, c40, 128);
    v128.store(sums, c41, 144);
  }
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
