// Max and average pooling and their gradients, NHWC. Windows are clipped to the image; every stride,
// size and padding.

/**
 * dx of max pooling: a window's gradient goes to its first maximum in row order, as on the other backends.
 * `oh`, `ow` are the output's sizes, `kh`, `kw` the window's; `dh`, `dw` its dilation. Images n0 .. n1 - 1.
 */
export function maxPoolGrad(
  x: usize, dy: usize, dx: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32,
): void {
  const image: usize = <usize>(h * w * c) << 2, c4: usize = <usize>c << 2, row: usize = <usize>w * c4;
  const apart = sh >= (kh - 1) * dh + 1 && sw >= (kw - 1) * dw + 1;
  // Windows that tile the image write every number themselves.
  const tiled = apart && sh == kh && sw == kw && top == 0 && left == 0 && oh * kh == h && ow * kw == w;
  const quads = tiled && kh == 2 && kw == 2;
  if (!tiled) memory.fill(dx + <usize>n0 * image, 0, <usize>(n1 - n0) * image);
  dy += <usize>n0 * <usize>(oh * ow) * c4;
  for (let n = n0; n < n1; n++) {
    const xn = x + <usize>n * image, dxn = dx + <usize>n * image;
    for (let y = 0; y < oh; y++) {
      const y0 = first(y * sh - top, dh), y1 = min(h, y * sh - top + (kh - 1) * dh + 1);
      for (let z = 0; z < ow; z++) {
        const z0 = first(z * sw - left, dw), z1 = min(w, z * sw - left + (kw - 1) * dw + 1);
        let i: usize = 0;
        if (quads) {
          const corner: usize = <usize>y0 * row + <usize>z0 * c4;
          for (; i + 16 <= c4; i += 16) quadGrad(xn + corner + i, dxn + corner + i, v128.load(dy + i), c4, row);
        }
        for (; i + 16 <= c4; i += 16) {
          let best = f32x4.splat(-Infinity), at = i32x4.splat(-1);
          for (let a = y0; a < y1; a += dh)
            for (let b = z0; b < z1; b += dw) {
              const offset: usize = <usize>a * row + <usize>b * c4;
              const v = v128.load(xn + offset + i);
              const larger = f32x4.gt(v, best);
              best = v128.bitselect(v, best, larger);
              at = v128.bitselect(i32x4.splat(<i32>offset), at, larger);
            }
          const g = v128.load(dy + i);
          if (apart) {
            for (let a = y0; a < y1; a += dh)
              for (let b = z0; b < z1; b += dw) {
                const offset: usize = <usize>a * row + <usize>b * c4;
                v128.store(dxn + offset + i, v128.and(g, i32x4.eq(at, i32x4.splat(<i32>offset))));
              }
            continue;
          }
          add1(dxn + i, i32x4.extract_lane(at, 0), f32x4.extract_lane(g, 0));
          add1(dxn + i + 4, i32x4.extract_lane(at, 1), f32x4.extract_lane(g, 1));
          add1(dxn + i + 8, i32x4.extract_lane(at, 2), f32x4.extract_lane(g, 2));
          add1(dxn + i + 12, i32x4.extract_lane(at, 3), f32x4.extract_lane(g, 3));
        }
        for (; i < c4; i += 4) {
          let best: f32 = -Infinity, at = -1;
          for (let a = y0; a < y1; a += dh)
            for (let b = z0; b < z1; b += dw) {
              const offset: usize = <usize>a * row + <usize>b * c4;
              const v = load<f32>(xn + offset + i);
              if (v > best) { best = v; at = <i32>offset; }
            }
          if (tiled)
            for (let a = y0; a < y1; a += dh)
              for (let b = z0; b < z1; b += dw) store<f32>(dxn + <usize>a * row + <usize>b * c4 + i, 0);
          add1(dxn + i, at, load<f32>(dy + i));
        }
        dy += c4;
      }
    }
  }
}

/** The gradient of one window of 2 x 2 whole pixels, four channels. */
// @ts-ignore: decorator
@inline
function quadGrad(x: usize, dx: usize, g: v128, pixel: usize, row: usize): void {
  const a = v128.load(x), b = v128.load(x + pixel), c = v128.load(x + row), d = v128.load(x + row + pixel);
  const least = f32x4.splat(-Infinity);
  // Whether each is larger than all before it: the last of them is the first maximum.
  const isA = f32x4.gt(a, least), best1 = v128.bitselect(a, least, isA);
  const isB = f32x4.gt(b, best1), best2 = v128.bitselect(b, best1, isB);
  const isC = f32x4.gt(c, best2), best3 = v128.bitselect(c, best2, isC);
  const isD = f32x4.gt(d, best3), notD = v128.andnot(g, isD), notC = v128.andnot(notD, isC);
  v128.store(dx, v128.and(v128.andnot(notC, isB), isA));
  v128.store(dx + pixel, v128.and(notC, isB));
  v128.store(dx + row, v128.and(notD, isC));
  v128.store(dx + row + pixel, v128.and(g, isD));
}

/** The first position >= 0 of a window that starts at `start` and steps by `step`. */
// @ts-ignore: decorator
@inline
function first(start: i32, step: i32): i32 {
  return start >= 0 ? start : start + ((-start + step - 1) / step) * step;
}

/** A window of -Infinity or NaN alone has no maximum (-1): its gradient goes nowhere. */
// @ts-ignore: decorator
@inline
function add1(base: usize, offset: i32, g: f32): void {
  if (offset != -1) store<f32>(base + <usize>offset, load<f32>(base + <usize>offset) + g);
}

/** Max pooling over the positions inside the image; a NaN stays one. Images n0 .. n1 - 1. */
export function maxPool(
  x: usize, out: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32,
): void {
  const image: usize = <usize>(h * w * c) << 2, c4: usize = <usize>c << 2, row: usize = <usize>w * c4;
  const quads = kh == 2 && kw == 2;
  out += <usize>n0 * <usize>(oh * ow) * c4;
  for (let n = n0; n < n1; n++) {
    const xn = x + <usize>n * image;
    for (let y = 0; y < oh; y++) {
      const y0 = max(0, y * sh - top), y1 = min(h, y * sh - top + kh);
      for (let z = 0; z < ow; z++) {
        const z0 = max(0, z * sw - left), z1 = min(w, z * sw - left + kw);
        let i: usize = 0;
        if (quads && y1 - y0 == 2 && z1 - z0 == 2) {
          const p = xn + <usize>y0 * row + <usize>z0 * c4;
          for (; i + 16 <= c4; i += 16) {
            const q = p + i, upper = f32x4.max(v128.load(q), v128.load(q + c4));
            v128.store(out + i, f32x4.max(f32x4.max(upper, v128.load(q + row)), v128.load(q + row + c4)));
          }
        }
        for (; i + 16 <= c4; i += 16) {
          let best = f32x4.splat(-Infinity);
          for (let a = y0; a < y1; a++)
            for (let b = z0; b < z1; b++) best = f32x4.max(best, v128.load(xn + <usize>a * row + <usize>b * c4 + i));
          v128.store(out + i, best);
        }
        for (; i < c4; i += 4) {
          let best: f32 = -Infinity;
          for (let a = y0; a < y1; a++)
            for (let b = z0; b < z1; b++) best = max(best, load<f32>(xn + <usize>a * row + <usize>b * c4 + i));
          store<f32>(out + i, best);
        }
        out += c4;
      }
    }
  }
}

/**
 * Average pooling over the positions inside the image: summed in row order and divided once, as the engines of a packed
 * model do, so that a deployed shortcut rounds alike. Images n0 .. n1 - 1.
 */
export function avgPool(
  x: usize, out: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32,
): void {
  const image: usize = <usize>(h * w * c) << 2, c4: usize = <usize>c << 2, row: usize = <usize>w * c4;
  out += <usize>n0 * <usize>(oh * ow) * c4;
  for (let n = n0; n < n1; n++) {
    const xn = x + <usize>n * image;
    for (let y = 0; y < oh; y++) {
      const y0 = max(0, y * sh - top), y1 = min(h, y * sh - top + kh);
      for (let z = 0; z < ow; z++) {
        const z0 = max(0, z * sw - left), z1 = min(w, z * sw - left + kw);
        const count = <f32>((y1 - y0) * (z1 - z0)), counts = f32x4.splat(count);
        let i: usize = 0;
        for (; i + 16 <= c4; i += 16) {
          let sum = f32x4.splat(0);
          for (let a = y0; a < y1; a++)
            for (let b = z0; b < z1; b++) sum = f32x4.add(sum, v128.load(xn + <usize>a * row + <usize>b * c4 + i));
          v128.store(out + i, f32x4.div(sum, counts));
        }
        for (; i < c4; i += 4) {
          let sum: f32 = 0;
          for (let a = y0; a < y1; a++)
            for (let b = z0; b < z1; b++) sum += load<f32>(xn + <usize>a * row + <usize>b * c4 + i);
          store<f32>(out + i, sum / count);
        }
        out += c4;
      }
    }
  }
}

/** dx of average pooling: each window's gradient is spread over its positions inside the image. */
export function avgPoolGrad(
  dy: usize, dx: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32,
): void {
  const image: usize = <usize>(h * w * c) << 2, c4: usize = <usize>c << 2, row: usize = <usize>w * c4;
  memory.fill(dx + <usize>n0 * image, 0, <usize>(n1 - n0) * image);
  dy += <usize>n0 * <usize>(oh * ow) * c4;
  for (let n = n0; n < n1; n++) {
    const dxn = dx + <usize>n * image;
    for (let y = 0; y < oh; y++) {
      const y0 = max(0, y * sh - top), y1 = min(h, y * sh - top + kh);
      for (let z = 0; z < ow; z++) {
        const z0 = max(0, z * sw - left), z1 = min(w, z * sw - left + kw);
        // As in the forward pass: the mean over the positions inside the image.
        const scale: f32 = 1 / <f32>((y1 - y0) * (z1 - z0));
        const scales = f32x4.splat(scale);
        for (let a = y0; a < y1; a++)
          for (let b = z0; b < z1; b++) {
            const p = dxn + <usize>a * row + <usize>b * c4;
            let i: usize = 0;
            for (; i + 16 <= c4; i += 16)
              v128.store(p + i, f32x4.add(v128.load(p + i), f32x4.mul(v128.load(dy + i), scales)));
            for (; i < c4; i += 4) store<f32>(p + i, load<f32>(p + i) + load<f32>(dy + i) * scale);
          }
        dy += c4;
      }
    }
  }
}
