// Sums over rows that are the same for any number of threads: rows are cut into segments by the shape alone, each segment
// has sums of its own, and these are added in order.

/** Segments at most, hence threads that a sum over rows can use. */
const SEGMENTS: i32 = 16;

/** Rows of a segment, a multiple of `unit`. */
export function segmentRows(rows: i32, unit: i32): i32 {
  const least = (rows + SEGMENTS - 1) / SEGMENTS;
  return max(1, (least + unit - 1) / unit) * unit;
}

/** out[i] = the sum of `parts` float64 numbers that lie `stride` numbers apart. */
export function addSegments(sums: usize, out: usize, parts: i32, stride: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    let sum: f64 = 0, p = sums + (<usize>i << 3);
    for (let k = 0; k < parts; k++) {
      sum += load<f64>(p);
      p += <usize>stride << 3;
    }
    store<f32>(out + (<usize>i << 2), <f32>sum);
  }
}

/** out[i] = the sum of `parts` float32 tensors of `size` numbers, for i0 <= i < i1. */
export function sumParts(x: usize, out: usize, parts: i32, size: i32, i0: i32, i1: i32): void {
  const end: usize = <usize>i1 << 2, stride: usize = <usize>size << 2;
  let i: usize = <usize>i0 << 2;
  for (; i + 16 <= end; i += 16) {
    let sum = v128.load(x + i), p = x + i;
    for (let k = 1; k < parts; k++) sum = f32x4.add(sum, v128.load((p += stride)));
    v128.store(out + i, sum);
  }
  for (; i < end; i += 4) {
    let sum = load<f32>(x + i), p = x + i;
    for (let k = 1; k < parts; k++) sum += load<f32>((p += stride));
    store<f32>(out + i, sum);
  }
}
