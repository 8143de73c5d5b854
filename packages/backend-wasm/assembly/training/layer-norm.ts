// Layer normalization of rows and its gradient, one pass over the cache a row.
import { segmentRows } from './segments';

/**
 * y = (x - mean) * inverse * gamma + beta of rows r0 .. r1 - 1; mean and inverse are [rows]. Sums go from the first to the
 * last element, as in a packed model, so that both round alike.
 */
export function layerNorm(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, r0: i32, r1: i32, c: i32, epsilon: f32,
): void {
  const row: usize = <usize>c << 2, count = <f32>c;
  for (let r = r0; r < r1; r++) {
    const p = x + <usize>r * row, q = y + <usize>r * row, at = <usize>r << 2;
    let sum: f32 = 0, squares: f32 = 0, i: usize = 0;
    for (; i < row; i += 4) sum += load<f32>(p + i);
    const m: f32 = sum / count, centre = f32x4.splat(m);
    for (i = 0; i < row; i += 4) {
      const e = load<f32>(p + i) - m;
      squares += e * e;
    }
    const s: f32 = 1 / sqrt<f32>(squares / count + epsilon), scale = f32x4.splat(s);
    store<f32>(mean + at, m);
    store<f32>(inverse + at, s);
    for (i = 0; i + 16 <= row; i += 16) {
      const u = f32x4.mul(f32x4.sub(v128.load(p + i), centre), scale);
      v128.store(q + i, f32x4.add(f32x4.mul(u, v128.load(gamma + i)), v128.load(beta + i)));
    }
    for (; i < row; i += 4) store<f32>(q + i, (load<f32>(p + i) - m) * s * load<f32>(gamma + i) + load<f32>(beta + i));
  }
}

/** Rows of a segment of {@link layerNormGrad}. */
export function layerNormSegment(rows: i32): i32 {
  return segmentRows(rows, 64);
}

/**
 * dx of the segments s0 .. s1 - 1; sums [segments][2][c] float64 = dgamma, dbeta. `part` is [2][c] float32 of scratch: sums
 * of 64 rows at a time, so that long columns keep their digits.
 */
export function layerNormGrad(
  x: usize, dy: usize, gamma: usize, mean: usize, inverse: usize, dx: usize, sums: usize, part: usize, s0: i32, s1: i32,
  rows: i32, c: i32,
): void {
  const size = layerNormSegment(rows);
  for (let s = s0; s < s1; s++)
    segmentGrad(x, dy, gamma, mean, inverse, dx, sums + (<usize>(s * c) << 4), part, s * size, min(rows, (s + 1) * size), c);
}

function segmentGrad(
  x: usize, dy: usize, gamma: usize, mean: usize, inverse: usize, dx: usize, sums: usize, part: usize, r0: i32, r1: i32,
  c: i32,
): void {
  const row: usize = <usize>c << 2, count = <f32>c;
  const other = part + row;
  memory.fill(sums, 0, row << 2);
  memory.fill(part, 0, row << 1);
  for (let r = r0; r < r1; r++) {
    const p = x + <usize>r * row, g = dy + <usize>r * row, o = dx + <usize>r * row;
    const m = load<f32>(mean + (<usize>r << 2)), s = load<f32>(inverse + (<usize>r << 2));
    const centre = f32x4.splat(m), scale = f32x4.splat(s);
    let first = f32x4.splat(0), second = f32x4.splat(0), i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const u = f32x4.mul(f32x4.sub(v128.load(p + i), centre), scale), e = v128.load(g + i);
      const d = f32x4.mul(e, v128.load(gamma + i)), eu = f32x4.mul(e, u);
      v128.store(part + i, f32x4.add(v128.load(part + i), eu));
      v128.store(other + i, f32x4.add(v128.load(other + i), e));
      first = f32x4.add(first, d);
      second = f32x4.add(second, f32x4.mul(d, u));
    }
    let sum = lanes(first), along = lanes(second);
    for (; i < row; i += 4) {
      const u = (load<f32>(p + i) - m) * s, e = load<f32>(g + i), d = e * load<f32>(gamma + i);
      store<f32>(part + i, load<f32>(part + i) + e * u);
      store<f32>(other + i, load<f32>(other + i) + e);
      sum += d;
      along += d * u;
    }
    sum /= count;
    along /= count;
    const sum4 = f32x4.splat(sum), along4 = f32x4.splat(along);
    for (i = 0; i + 16 <= row; i += 16) {
      const u = f32x4.mul(f32x4.sub(v128.load(p + i), centre), scale);
      const d = f32x4.mul(v128.load(g + i), v128.load(gamma + i));
      v128.store(o + i, f32x4.mul(f32x4.sub(f32x4.sub(d, sum4), f32x4.mul(u, along4)), scale));
    }
    for (; i < row; i += 4) {
      const u = (load<f32>(p + i) - m) * s, d = load<f32>(g + i) * load<f32>(gamma + i);
      store<f32>(o + i, (d - sum - u * along) * s);
    }
    if ((r & 63) == 63 || r == r1 - 1) {
      for (let k: usize = 0; k < row << 1; k += 4) {
        const to = sums + (k << 1);
        store<f64>(to, load<f64>(to) + <f64>load<f32>(part + k));
      }
      memory.fill(part, 0, row << 1);
    }
  }
}

// @ts-ignore: decorator
@inline
function lanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}
