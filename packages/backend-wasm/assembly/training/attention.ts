// The core of multi-head attention, one (example, head) at a time, so that its matrices stay in the cache: queries, keys
// and values are copied out of their rows, the products are those of rows.ts.
import { exp } from '../engine/functions';
import { packPanels, packTransposedPanels } from './copy';
import { convRows } from './rows';

const ROWS: usize = 480; // scratch of convRows without gathering

// @ts-ignore: decorator
@inline
function panelFloats(t: i32, d: i32): i32 {
  return max(((t + 7) >> 3) * d, ((d + 7) >> 3) * t) << 3;
}

/** Bytes of scratch for one thread: five operands, panels, two matrices of scores, tables. */
export function attentionScratch(t: i32, d: i32): i32 {
  return ((5 * t * d + panelFloats(t, d) + 2 * t * t) << 2) + <i32>ROWS + 64;
}

/** Rows of d numbers, `stride` bytes apart, times a factor, one behind the other. */
function gather(from: usize, to: usize, t: i32, d: i32, stride: usize, factor: f32): void {
  const row: usize = <usize>d << 2, f = f32x4.splat(factor);
  for (let r = 0; r < t; r++) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) v128.store(to + i, f32x4.mul(v128.load(from + i), f));
    for (; i < row; i += 4) store<f32>(to + i, load<f32>(from + i) * factor);
    from += stride;
    to += row;
  }
}

/** out [m][o], rows `outStride` bytes apart = x [m][k] times panels. */
// @ts-ignore: decorator
@inline
function times(x: usize, panels: usize, out: usize, tables: usize, m: i32, k: i32, o: i32, outStride: usize): void {
  convRows(x, panels, 0, out, tables, 0, m, 1, m, o, 0, 0, <usize>k << 2, 0, 0, outStride, 1, 1, 0, 0, k, false);
}

function transpose(from: usize, to: usize, t: i32): void {
  const row: usize = <usize>t << 2;
  for (let r = 0; r < t; r++) {
    let q = to + (<usize>r << 2);
    for (let i: usize = 0; i < row; i += 4) {
      store<f32>(q, load<f32>(from + i));
      q += row;
    }
    from += row;
  }
}

/** Softmax of t rows of t, in place: the same exp, order of sums and division as in a packed model, to the bit. */
function softmaxRows(x: usize, t: i32): void {
  const row: usize = <usize>t << 2;
  for (let r = 0; r < t; r++) {
    let top: f32 = -Infinity;
    for (let i: usize = 0; i < row; i += 4) top = max(top, load<f32>(x + i));
    const shift = f32x4.splat(top);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) v128.store(x + i, exp(f32x4.sub(v128.load(x + i), shift)));
    for (; i < row; i += 4) store<f32>(x + i, f32x4.extract_lane(exp(f32x4.splat(load<f32>(x + i) - top)), 0));
    let sum: f32 = 0;
    for (i = 0; i < row; i += 4) sum += load<f32>(x + i);
    const sums = f32x4.splat(sum);
    for (i = 0; i + 16 <= row; i += 16) v128.store(x + i, f32x4.div(v128.load(x + i), sums));
    for (; i < row; i += 4) store<f32>(x + i, load<f32>(x + i) / sum);
    x += row;
  }
}

/** ds = a * (ds - sum(ds * a)) of t rows of t, in place. */
function softmaxGradRows(ds: usize, a: usize, t: i32): void {
  const row: usize = <usize>t << 2;
  for (let r = 0; r < t; r++) {
    let sums = f32x4.splat(0), i: usize = 0;
    for (; i + 16 <= row; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(ds + i), v128.load(a + i)));
    let sum = lanes(sums);
    for (; i < row; i += 4) sum += load<f32>(ds + i) * load<f32>(a + i);
    const s = f32x4.splat(sum);
    for (i = 0; i + 16 <= row; i += 16)
      v128.store(ds + i, f32x4.mul(v128.load(a + i), f32x4.sub(v128.load(ds + i), s)));
    for (; i < row; i += 4) store<f32>(ds + i, load<f32>(a + i) * (load<f32>(ds + i) - sum));
    ds += row;
    a += row;
  }
}

// @ts-ignore: decorator
@inline
function lanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/**
 * Items i0 .. i1 - 1 of (example, head).
 * @param x [n][t][3 * heads * d]: queries, keys, values
 * @param y [n][t][heads * d]
 * @param a [n][heads][t][t], the softmax
 */
export function attention(
  x: usize, y: usize, a: usize, scratch: usize, i0: i32, i1: i32, t: i32, heads: i32, d: i32,
): void {
  const width: usize = <usize>(heads * d) << 2, stride = 3 * width;
  const factor: f32 = 1 / sqrt<f32>(<f32>d);
  const size: usize = <usize>(t * d) << 2, matrix: usize = <usize>(t * t) << 2;
  const q = scratch, k = q + size, panels = k + size, tables = panels + (<usize>panelFloats(t, d) << 2);
  for (let i = i0; i < i1; i++) {
    const n = i / heads, h: usize = <usize>((i - n * heads) * d) << 2;
    const from = x + <usize>n * <usize>t * stride + h, scores = a + <usize>i * matrix;
    gather(from, q, t, d, stride, factor);
    gather(from + width, k, t, d, stride, 1);
    packTransposedPanels(k, panels, d, t);
    times(q, panels, scores, tables, t, d, t, <usize>t << 2);
    softmaxRows(scores, t);
    packPanels(from + 2 * width, panels, t, d, stride);
    times(scores, panels, y + <usize>n * <usize>t * width + h, tables, t, t, d, width);
  }
}

/** The gradient of {@link attention}: dx [n][t][3 * heads * d] from dy [n][t][heads * d], items i0 .. i1 - 1. */
export function attentionGrad(
  x: usize, a: usize, dy: usize, dx: usize, scratch: usize, i0: i32, i1: i32, t: i32, heads: i32, d: i32,
): void {
  const width: usize = <usize>(heads * d) << 2, stride = 3 * width;
  const factor: f32 = 1 / sqrt<f32>(<f32>d);
  const size: usize = <usize>(t * d) << 2, matrix: usize = <usize>(t * t) << 2, row: usize = <usize>t << 2;
  const q = scratch, k = q + size, v = k + size, dOut = v + size;
  const ds = dOut + size, turned = ds + matrix;
  const panels = turned + matrix, tables = panels + (<usize>panelFloats(t, d) << 2);
  for (let i = i0; i < i1; i++) {
    const n = i / heads, h: usize = <usize>((i - n * heads) * d) << 2;
    const from = x + <usize>n * <usize>t * stride + h, to = dx + <usize>n * <usize>t * stride + h;
    const weights = a + <usize>i * matrix;
    gather(from, q, t, d, stride, factor);
    gather(from + width, k, t, d, stride, factor);
    gather(from + 2 * width, v, t, d, stride, 1);
    gather(dy + <usize>n * <usize>t * width + h, dOut, t, d, width, 1);
    packTransposedPanels(v, panels, d, t);
    times(dOut, panels, ds, tables, t, d, t, row);
    softmaxGradRows(ds, weights, t);
    packPanels(k, panels, t, d, <usize>d << 2);
    times(ds, panels, to, tables, t, t, d, stride);
    transpose(ds, turned, t);
    packPanels(q, panels, t, d, <usize>d << 2);
    times(turned, panels, to + width, tables, t, t, d, stride);
    transpose(weights, turned, t);
    packPanels(dOut, panels, t, d, <usize>d << 2);
    times(turned, panels, to + 2 * width, tables, t, t, d, stride);
  }
}
