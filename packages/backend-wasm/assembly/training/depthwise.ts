// The depthwise convolution and its gradients, NHWC, filter [kh][kw][c][q]: output channel c * q + j reads input channel c.
// With q = 1 channels go four at a time; other multipliers take the scalar loops.

/** `out += a * b`, elementwise. */
// @ts-ignore: decorator
@inline
function addProducts(out: usize, a: usize, b: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16)
    v128.store(out + i, f32x4.add(v128.load(out + i), f32x4.mul(v128.load(a + i), v128.load(b + i))));
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(a + i) * load<f32>(b + i));
}

/** `out += a * b`, where each of the numbers of `a` meets `q` of `out` and `b`; `bytes` are those of `a`. */
// @ts-ignore: decorator
@inline
function addRepeated(out: usize, a: usize, b: usize, bytes: usize, q: i32): void {
  let at: usize = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const v = load<f32>(a + i);
    for (let j = 0; j < q; j++) {
      store<f32>(out + at, load<f32>(out + at) + v * load<f32>(b + at));
      at += 4;
    }
  }
}

/** dx [n][h][w][c]; `top`, `left` are the forward paddings. Images n0 .. n1 - 1. */
export function depthwiseInputGrad(
  dy: usize,
  filter: usize,
  dx: usize,
  n0: i32,
  n1: i32,
  h: i32,
  w: i32,
  c: i32,
  q: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
): void {
  const c4: usize = (<usize>c) << 2,
    o4: usize = c4 * <usize>q;
  const image: usize = <usize>(h * w) * c4;
  memory.fill(dx + <usize>n0 * image, 0, <usize>(n1 - n0) * image);
  dy += <usize>n0 * <usize>(oh * ow) * o4;
  for (let n = n0; n < n1; n++)
    for (let y = 0; y < oh; y++)
      for (let z = 0; z < ow; z++) {
        const y0 = max(0, top - y * sh),
          y1 = min(kh, h + top - y * sh);
        const z0 = max(0, left - z * sw),
          z1 = min(kw, w + left - z * sw);
        for (let a = y0; a < y1; a++)
          for (let b = z0; b < z1; b++) {
            const p = dx + <usize>n * image + <usize>((y * sh + a - top) * w + z * sw + b - left) * c4;
            const f = filter + <usize>(a * kw + b) * o4;
            if (q == 1) addProducts(p, dy, f, c4);
            else {
              let at: usize = 0;
              for (let i: usize = 0; i < c4; i += 4) {
                let sum: f32 = 0;
                for (let j = 0; j < q; j++) {
                  sum += load<f32>(dy + at) * load<f32>(f + at);
                  at += 4;
                }
                store<f32>(p + i, load<f32>(p + i) + sum);
              }
            }
          }
        dy += o4;
      }
}

/** dW [kh][kw][c][q], overwritten; `partial` holds as many numbers: each image's sum is added to the total on its own. */
export function depthwiseFilterGrad(
  x: usize,
  dy: usize,
  out: usize,
  partial: usize,
  n0: i32,
  n1: i32,
  h: i32,
  w: i32,
  c: i32,
  q: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
): void {
  const c4: usize = (<usize>c) << 2,
    o4: usize = c4 * <usize>q;
  const image: usize = <usize>(h * w) * c4,
    bytes: usize = <usize>(kh * kw) * o4;
  memory.fill(out, 0, bytes);
  dy += <usize>n0 * <usize>(oh * ow) * o4;
  for (let n = n0; n < n1; n++) {
    memory.fill(partial, 0, bytes);
    for (let y = 0; y < oh; y++)
      for (let z = 0; z < ow; z++) {
        const y0 = max(0, top - y * sh),
          y1 = min(kh, h + top - y * sh);
        const z0 = max(0, left - z * sw),
          z1 = min(kw, w + left - z * sw);
        for (let a = y0; a < y1; a++)
          for (let b = z0; b < z1; b++) {
            const p = x + <usize>n * image + <usize>((y * sh + a - top) * w + z * sw + b - left) * c4;
            const f = partial + <usize>(a * kw + b) * o4;
            if (q == 1) addProducts(f, p, dy, c4);
            else addRepeated(f, p, dy, c4, q);
          }
        dy += o4;
      }
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16)
      v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(partial + i)));
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(partial + i));
  }
}

/** The convolution itself, with dilation `dh`, `dw`. Images n0 .. n1 - 1. */
export function depthwiseForward(
  x: usize,
  filter: usize,
  out: usize,
  n0: i32,
  n1: i32,
  h: i32,
  w: i32,
  c: i32,
  q: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  const c4: usize = (<usize>c) << 2,
    o4: usize = c4 * <usize>q;
  out += <usize>n0 * <usize>(oh * ow) * o4;
  memory.fill(out, 0, <usize>((n1 - n0) * oh * ow) * o4);
  for (let n = n0; n < n1; n++)
    for (let y = 0; y < oh; y++)
      for (let z = 0; z < ow; z++) {
        for (let a = 0; a < kh; a++) {
          const iy = y * sh + a * dh - top;
          if (iy < 0 || iy >= h) continue;
          for (let b = 0; b < kw; b++) {
            const ix = z * sw + b * dw - left;
            if (ix < 0 || ix >= w) continue;
            const p = x + <usize>((n * h + iy) * w + ix) * c4;
            const f = filter + <usize>(a * kw + b) * o4;
            if (q == 1) addProducts(out, p, f, c4);
            else addRepeated(out, p, f, c4, q);
          }
        }
        out += o4;
      }
}
