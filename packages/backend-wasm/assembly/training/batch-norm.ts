// Batch normalization of a training step, forward and backward, over rows of c channels.
// Sums run in float32 over chunks of rows that stay in the first-level cache and in float64 over the chunks; the
// variance of a chunk is taken about its own mean and merged (Chan, Golub and LeVeque), so that neither long sums nor
// a mean far from zero cost accuracy, and the tensor is read once. Means are used as the sum of two float32 numbers:
// the rounding of a mean of 100 would otherwise show in the fifth digit of y where the variance is small.
import { segmentRows } from './segments';

/** Rows of a chunk: about 16 kB, and few enough for float32 sums to be accurate. */
// @ts-ignore: decorator
@inline
function chunkRows(c: i32): i32 {
  return max(8, min(256, 4096 / c));
}

/** Rows of a segment. */
export function batchNormSegment(rows: i32, c: i32): i32 {
  return segmentRows(rows, chunkRows(c));
}

/**
 * Means and sums of squares about them, of the segments s0 .. s1 - 1 of the rows: `sums` [segments][2][c] float64 = mean,
 * then M2. `chunk` [c] float32 is scratch.
 */
export function batchNormMoments(x: usize, sums: usize, chunk: usize, s0: i32, s1: i32, rows: i32, c: i32): void {
  const size = batchNormSegment(rows, c);
  for (let s = s0; s < s1; s++)
    segmentMoments(x, sums + (<usize>(s * c) << 4), chunk, s * size, min(rows, (s + 1) * size), c);
}

function segmentMoments(x: usize, sums: usize, chunk: usize, r0: i32, r1: i32, c: i32): void {
  const row: usize = <usize>c << 2, rows = chunkRows(c);
  const mean = sums, m2 = sums + (<usize>c << 3);
  memory.fill(sums, 0, <usize>c << 4);
  let seen: f64 = 0;
  for (let r = r0; r < r1; r += rows) {
    const count = min(rows, r1 - r);
    const p = x + <usize>r * row;
    const n = <f64>count, inverse: f32 = 1 / <f32>count;
    const total = seen + n;
    columnSums(p, chunk, count, c);
    for (let i = 0; i < c; i++) {
      const q = chunk + (<usize>i << 2);
      store<f32>(q, load<f32>(q) * inverse);
    }
    // M2 about the chunk's rounded mean, then shifted to the exact one.
    let i = 0;
    for (; i + 4 <= c; i += 4) {
      const at: usize = <usize>i << 2;
      const m = v128.load(chunk + at);
      let s = f32x4.splat(0), t = f32x4.splat(0);
      let q = p + at;
      for (let k = 0; k < count; k++) {
        const d = f32x4.sub(v128.load(q), m);
        s = f32x4.add(s, f32x4.mul(d, d));
        t = f32x4.add(t, d);
        q += row;
      }
      merge(mean, m2, i, seen, n, total, f32x4.extract_lane(m, 0), f32x4.extract_lane(t, 0), f32x4.extract_lane(s, 0));
      merge(mean, m2, i + 1, seen, n, total, f32x4.extract_lane(m, 1), f32x4.extract_lane(t, 1), f32x4.extract_lane(s, 1));
      merge(mean, m2, i + 2, seen, n, total, f32x4.extract_lane(m, 2), f32x4.extract_lane(t, 2), f32x4.extract_lane(s, 2));
      merge(mean, m2, i + 3, seen, n, total, f32x4.extract_lane(m, 3), f32x4.extract_lane(t, 3), f32x4.extract_lane(s, 3));
    }
    for (; i < c; i++) {
      const at: usize = <usize>i << 2;
      const m = load<f32>(chunk + at);
      let s: f32 = 0, t: f32 = 0;
      let q = p + at;
      for (let k = 0; k < count; k++) {
        const d = load<f32>(q) - m;
        s += d * d;
        t += d;
        q += row;
      }
      merge(mean, m2, i, seen, n, total, m, t, s);
    }
    seen = total;
  }
}

/** Adds a chunk of n numbers with mean m + rest / n and squares s about m to channel i. */
// @ts-ignore: decorator
@inline
function merge(mean: usize, m2: usize, i: i32, seen: f64, n: f64, total: f64, m: f32, rest: f32, s: f32): void {
  const p = mean + (<usize>i << 3), q = m2 + (<usize>i << 3);
  const shift = <f64>rest / n;
  const own = <f64>m + shift;
  const delta = own - load<f64>(p);
  store<f64>(p, load<f64>(p) + (delta * n) / total);
  store<f64>(q, load<f64>(q) + max(0, <f64>s - shift * <f64>rest) + (delta * delta * seen * n) / total);
}

/** Column sums of `count` rows. */
function columnSums(p: usize, out: usize, count: i32, c: i32): void {
  const row: usize = <usize>c << 2;
  let i = 0;
  for (; i + 16 <= c; i += 16) {
    let q = p + (<usize>i << 2);
    let a = f32x4.splat(0), b = a, d = a, e = a;
    for (let k = 0; k < count; k++) {
      a = f32x4.add(a, v128.load(q));
      b = f32x4.add(b, v128.load(q, 16));
      d = f32x4.add(d, v128.load(q, 32));
      e = f32x4.add(e, v128.load(q, 48));
      q += row;
    }
    const o = out + (<usize>i << 2);
    v128.store(o, a);
    v128.store(o, b, 16);
    v128.store(o, d, 32);
    v128.store(o, e, 48);
  }
  for (; i + 4 <= c; i += 4) {
    let q = p + (<usize>i << 2), a = f32x4.splat(0);
    for (let k = 0; k < count; k++) { a = f32x4.add(a, v128.load(q)); q += row; }
    v128.store(out + (<usize>i << 2), a);
  }
  for (; i < c; i++) {
    let q = p + (<usize>i << 2);
    let a: f32 = 0;
    for (let k = 0; k < count; k++) { a += load<f32>(q); q += row; }
    store<f32>(out + (<usize>i << 2), a);
  }
}

/** The sums of all segments, in the place of the first. */
function mergeMoments(sums: usize, rows: i32, c: i32): void {
  const size = batchNormSegment(rows, c), m2 = <usize>c << 3;
  for (let r = size, p = sums + (<usize>c << 4); r < rows; r += size, p += <usize>c << 4) {
    const seen = <f64>r, n = <f64>min(size, rows - r), total = seen + n;
    for (let i: usize = 0; i < m2; i += 8) {
      const q = sums + i, delta = load<f64>(p + i) - load<f64>(q);
      store<f64>(q, load<f64>(q) + (delta * n) / total);
      store<f64>(q + m2, load<f64>(q + m2) + load<f64>(p + i + m2) + (delta * delta * seen * n) / total);
    }
  }
}

/**
 * mean, what its rounding lost, variance (biased) and 1 / sqrt(variance + epsilon), float32 [c] each, from the sums of
 * all segments of `rows`.
 */
export function batchNormStatistics(
  sums: usize, mean: usize, lost: usize, variance: usize, inverse: usize, rows: i32, c: i32, epsilon: f64,
): void {
  mergeMoments(sums, rows, c);
  for (let i = 0; i < c; i++) {
    const at: usize = <usize>i << 2;
    const v = load<f64>(sums + (<usize>(c + i) << 3)) / <f64>rows;
    const exact = load<f64>(sums + (<usize>i << 3)), rounded = <f32>exact;
    store<f32>(mean + at, rounded);
    store<f32>(lost + at, <f32>(exact - <f64>rounded));
    store<f32>(variance + at, <f32>v);
    store<f32>(inverse + at, <f32>(1 / sqrt<f64>(v + epsilon)));
  }
}

/** y = (x - mean - lost) * (gamma * inverse) + beta, rows r0 .. r1 - 1. */
export function batchNormApply(
  x: usize, y: usize, gamma: usize, beta: usize, mean: usize, lost: usize, inverse: usize, r0: i32, r1: i32, c: i32,
): void {
  const row: usize = <usize>c << 2, block = chunkRows(c);
  // Four channels at a time over chunks of rows: the factors of a channel stay in registers.
  for (let r = r0; r < r1; r += block) {
    const count = min(block, r1 - r);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const m = v128.load(mean + i), l = v128.load(lost + i), b = v128.load(beta + i);
      const scale = f32x4.mul(v128.load(gamma + i), v128.load(inverse + i));
      let p = x + <usize>r * row + i, q = y + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        const d = f32x4.sub(f32x4.sub(v128.load(p), m), l);
        v128.store(q, f32x4.add(f32x4.mul(d, scale), b));
        p += row;
        q += row;
      }
    }
    for (; i < row; i += 4) {
      const m = load<f32>(mean + i), l = load<f32>(lost + i), b = load<f32>(beta + i);
      const scale = load<f32>(gamma + i) * load<f32>(inverse + i);
      let p = x + <usize>r * row + i, q = y + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        store<f32>(q, (load<f32>(p) - m - l) * scale + b);
        p += row;
        q += row;
      }
    }
  }
}

/**
 * Sums over the segments s0 .. s1 - 1 of the rows: `sums` [segments][3][c] float64 = sum of dy, of dy * (x - mean), and
 * of x - mean, which is 0 but for the rounding of the mean.
 */
export function batchNormGradSums(
  x: usize, dy: usize, mean: usize, sums: usize, s0: i32, s1: i32, rows: i32, c: i32,
): void {
  const size = batchNormSegment(rows, c);
  for (let s = s0; s < s1; s++)
    segmentGradSums(x, dy, mean, sums + <usize>(s * c) * 24, s * size, min(rows, (s + 1) * size), c);
}

function segmentGradSums(x: usize, dy: usize, mean: usize, sums: usize, r0: i32, r1: i32, c: i32): void {
  const row: usize = <usize>c << 2, rows = chunkRows(c);
  memory.fill(sums, 0, <usize>c * 24);
  const second = sums + (<usize>c << 3), third = second + (<usize>c << 3);
  for (let r = r0; r < r1; r += rows) {
    const count = min(rows, r1 - r);
    let i = 0;
    for (; i + 4 <= c; i += 4) {
      const at: usize = <usize>i << 2;
      let p = x + <usize>r * row + at, q = dy + <usize>r * row + at;
      const m = v128.load(mean + at);
      let a = f32x4.splat(0), b = a, e = a;
      for (let k = 0; k < count; k++) {
        const g = v128.load(q), d = f32x4.sub(v128.load(p), m);
        a = f32x4.add(a, g);
        b = f32x4.add(b, f32x4.mul(g, d));
        e = f32x4.add(e, d);
        p += row;
        q += row;
      }
      addTo(sums, i, f32x4.extract_lane(a, 0));
      addTo(sums, i + 1, f32x4.extract_lane(a, 1));
      addTo(sums, i + 2, f32x4.extract_lane(a, 2));
      addTo(sums, i + 3, f32x4.extract_lane(a, 3));
      addTo(second, i, f32x4.extract_lane(b, 0));
      addTo(second, i + 1, f32x4.extract_lane(b, 1));
      addTo(second, i + 2, f32x4.extract_lane(b, 2));
      addTo(second, i + 3, f32x4.extract_lane(b, 3));
      addTo(third, i, f32x4.extract_lane(e, 0));
      addTo(third, i + 1, f32x4.extract_lane(e, 1));
      addTo(third, i + 2, f32x4.extract_lane(e, 2));
      addTo(third, i + 3, f32x4.extract_lane(e, 3));
    }
    for (; i < c; i++) {
      const at: usize = <usize>i << 2;
      let p = x + <usize>r * row + at, q = dy + <usize>r * row + at;
      const m = load<f32>(mean + at);
      let a: f32 = 0, b: f32 = 0, e: f32 = 0;
      for (let k = 0; k < count; k++) {
        const g = load<f32>(q), d = load<f32>(p) - m;
        a += g;
        b += g * d;
        e += d;
        p += row;
        q += row;
      }
      addTo(sums, i, a);
      addTo(second, i, b);
      addTo(third, i, e);
    }
  }
}

// @ts-ignore: decorator
@inline
function addTo(sums: usize, i: i32, value: f32): void {
  const p = sums + (<usize>i << 3);
  store<f64>(p, load<f64>(p) + <f64>value);
}

/** dgamma, dbeta and what the mean's rounding lost, as float32, from the sums of all segments of `rows`. */
export function batchNormGradParameters(
  sums: usize, inverse: usize, dgamma: usize, dbeta: usize, lost: usize, rows: i32, c: i32,
): void {
  const size = batchNormSegment(rows, c), bytes: usize = <usize>c * 24;
  for (let r = size, p = sums + bytes; r < rows; r += size, p += bytes)
    for (let i: usize = 0; i < bytes; i += 8) store<f64>(sums + i, load<f64>(sums + i) + load<f64>(p + i));
  for (let i = 0; i < c; i++) {
    const at: usize = <usize>i << 2;
    const sum = load<f64>(sums + (<usize>i << 3)), product = load<f64>(sums + (<usize>(c + i) << 3));
    const shift = load<f64>(sums + (<usize>(2 * c + i) << 3)) / <f64>rows;
    store<f32>(dbeta + at, <f32>sum);
    store<f32>(dgamma + at, <f32>((product - shift * sum) * <f64>load<f32>(inverse + at)));
    store<f32>(lost + at, <f32>shift);
  }
}

/** dx = gamma * inverse * (dy - dbeta / rows - normalized x * dgamma / rows), rows r0 .. r1 - 1 of `rows`. */
export function batchNormGradApply(
  x: usize, dy: usize, dx: usize, gamma: usize, mean: usize, lost: usize, inverse: usize, dgamma: usize, dbeta: usize,
  rows: i32, r0: i32, r1: i32, c: i32,
): void {
  const row: usize = <usize>c << 2, part: f32 = 1 / <f32>rows, parts = f32x4.splat(part);
  const block = chunkRows(c);
  for (let r = r0; r < r1; r += block) {
    const count = min(block, r1 - r);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const m = v128.load(mean + i), l = v128.load(lost + i), v = v128.load(inverse + i);
      const scale = f32x4.mul(v128.load(gamma + i), v);
      const a = f32x4.mul(v128.load(dbeta + i), parts);
      const b = f32x4.mul(f32x4.mul(v128.load(dgamma + i), parts), v);
      let p = x + <usize>r * row + i, q = dy + <usize>r * row + i, o = dx + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        const d = f32x4.sub(f32x4.sub(v128.load(p), m), l);
        v128.store(o, f32x4.mul(scale, f32x4.sub(f32x4.sub(v128.load(q), a), f32x4.mul(d, b))));
        p += row;
        q += row;
        o += row;
      }
    }
    for (; i < row; i += 4) {
      const m = load<f32>(mean + i), l = load<f32>(lost + i), v = load<f32>(inverse + i), scale = load<f32>(gamma + i) * v;
      const a = load<f32>(dbeta + i) * part, b = load<f32>(dgamma + i) * part * v;
      let p = x + <usize>r * row + i, q = dy + <usize>r * row + i, o = dx + <usize>r * row + i;
      for (let k = 0; k < count; k++) {
        store<f32>(o, scale * (load<f32>(q) - a - (load<f32>(p) - m - l) * b));
        p += row;
        q += row;
        o += row;
      }
    }
  }
}
