// Softmax cross-entropy with its gradient, and the gradient of PReLU.
import { exp64, log64 } from './math';
import { segmentRows } from './segments';

/**
 * loss[i] = total * log(sum exp(x - max)) - sum labels * (x - max), dlogits = softmax * total - labels, with total the
 * sum of the labels, for the rows r0 .. r1 - 1. In float64: a confident prediction's small loss and gradient keep their
 * digits.
 */
export function softmaxCrossEntropy(
  logits: usize,
  labels: usize,
  loss: usize,
  dlogits: usize,
  r0: i32,
  r1: i32,
  k: i32,
): void {
  const bytes: usize = (<usize>k) << 2;
  logits += <usize>r0 * bytes;
  labels += <usize>r0 * bytes;
  dlogits += <usize>r0 * bytes;
  for (let r = r0; r < r1; r++) {
    let top: f32 = -Infinity;
    for (let i: usize = 0; i < bytes; i += 4) top = max(top, load<f32>(logits + i));
    let sum: f64 = 0,
      total: f64 = 0,
      fit: f64 = 0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const d = <f64>load<f32>(logits + i) - <f64>top,
        y = <f64>load<f32>(labels + i);
      sum += exp64(d);
      total += y;
      if (y != 0) fit += y * d;
    }
    store<f32>(loss + ((<usize>r) << 2), <f32>(total * log64(sum) - fit));
    const scale = total / sum;
    for (let i: usize = 0; i < bytes; i += 4) {
      const d = <f64>load<f32>(logits + i) - <f64>top;
      store<f32>(dlogits + i, <f32>(exp64(d) * scale - <f64>load<f32>(labels + i)));
    }
    logits += bytes;
    labels += bytes;
    dlogits += bytes;
  }
}

const PRELU_ROWS = 64;

/** Rows of a segment of {@link preluGrad}. */
export function preluSegment(rows: i32): i32 {
  return segmentRows(rows, PRELU_ROWS);
}

/**
 * dx = dy where x > 0, else alpha * dy; sums [segments][c] float64 = sum of dy * x where x <= 0. Segments s0 .. s1 - 1.
 */
export function preluGrad(
  x: usize,
  alpha: usize,
  dy: usize,
  dx: usize,
  sums: usize,
  s0: i32,
  s1: i32,
  rows: i32,
  c: i32,
): void {
  const size = preluSegment(rows);
  for (let s = s0; s < s1; s++)
    segmentPrelu(x, alpha, dy, dx, sums + (<usize>(s * c) << 3), s * size, min(rows, (s + 1) * size), c);
}

function segmentPrelu(
  x: usize,
  alpha: usize,
  dy: usize,
  dx: usize,
  sums: usize,
  r0: i32,
  r1: i32,
  c: i32,
): void {
  const row: usize = (<usize>c) << 2;
  const zero = f32x4.splat(0);
  memory.fill(sums, 0, (<usize>c) << 3);
  const block = PRELU_ROWS;
  for (let r = r0; r < r1; r += block) {
    const count = min(block, r1 - r);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const a = v128.load(alpha + i);
      let s = zero;
      let p = x + <usize>r * row + i,
        q = dy + <usize>r * row + i,
        o = dx + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        const v = v128.load(p),
          g = v128.load(q),
          positive = f32x4.gt(v, zero);
        v128.store(o, v128.bitselect(g, f32x4.mul(a, g), positive));
        s = f32x4.add(s, v128.andnot(f32x4.mul(g, v), positive));
        p += row;
        q += row;
        o += row;
      }
      const t = sums + (i << 1);
      store<f64>(t, load<f64>(t) + <f64>f32x4.extract_lane(s, 0));
      store<f64>(t, load<f64>(t, 8) + <f64>f32x4.extract_lane(s, 1), 8);
      store<f64>(t, load<f64>(t, 16) + <f64>f32x4.extract_lane(s, 2), 16);
      store<f64>(t, load<f64>(t, 24) + <f64>f32x4.extract_lane(s, 3), 24);
    }
    for (; i < row; i += 4) {
      const a = load<f32>(alpha + i);
      let s: f32 = 0;
      let p = x + <usize>r * row + i,
        q = dy + <usize>r * row + i,
        o = dx + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        const v = load<f32>(p),
          g = load<f32>(q);
        store<f32>(o, v > 0 ? g : a * g);
        if (!(v > 0)) s += g * v;
        p += row;
        q += row;
        o += row;
      }
      const t = sums + (i << 1);
      store<f64>(t, load<f64>(t) + <f64>s);
    }
  }
}
