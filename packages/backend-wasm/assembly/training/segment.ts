// Sums rows into segments: the gradient of gather.

/** out[id] += x row, for each row with 0 <= id < segments; ids outside are dropped, as on the other backends. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, width: i32, segments: i32): void {
  const bytes: usize = (<usize>width) << 2;
  memory.fill(out, 0, <usize>segments * bytes);
  for (let r = 0; r < rows; r++) {
    const id = load<i32>(ids + ((<usize>r) << 2));
    if (id >= 0 && id < segments) {
      const p = out + <usize>id * bytes;
      let i: usize = 0;
      for (; i + 16 <= bytes; i += 16) v128.store(p + i, f32x4.add(v128.load(p + i), v128.load(x + i)));
      for (; i < bytes; i += 4) store<f32>(p + i, load<f32>(p + i) + load<f32>(x + i));
    }
    x += bytes;
  }
}
