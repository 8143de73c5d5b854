// Moving elements: one copy between two strided index spaces of up to five axes serves concat, slice, pad,
// transpose, reshape, borders and conversions to i16. Positions count elements from the tensor's base; `bits`
// elements are 4 to a byte, as in lookup.ts.
import { address, word } from './record';

const SOURCE: usize = 2;
const TARGET: usize = 3;
/** Element kinds of source and target; see below. */
const FROM: usize = 4;
const TO: usize = 5;
/** Length and the two strides of the innermost axis. */
const COUNT: usize = 6;
const SOURCE_STEP: usize = 7;
const TARGET_STEP: usize = 8;
/** Outer axes, innermost first: COUNT_OF, source stride, target stride for each of 4. */
const AXES: usize = 9;
/** Where the first element is. */
const SOURCE_START: usize = 21;
const TARGET_START: usize = 22;
/** Source kind FILL: the value, as the target's raw bits. */
const VALUE: usize = 23;

const BITS: i32 = 0;
const U8: i32 = 1;
const I16: i32 = 2;
const FILL: i32 = 4;

function read(kind: i32, base: usize, at: i32, toBits: bool): i32 {
  if (kind == BITS) {
    const bit = (load<u8>(base + (at >> 2)) >> (<u8>(4 + (at & 3)))) & 1;
    return toBits ? bit : 1 - 2 * bit;
  }
  if (kind == U8) return load<u8>(base + at);
  if (kind == I16) return load<i16>(base + (at << 1));
  return load<i32>(base + (at << 2));
}

function write(kind: i32, base: usize, at: i32, value: i32): void {
  if (kind == BITS) {
    const p = base + (at >> 2),
      shift = <u8>(4 + (at & 3));
    store<u8>(p, (load<u8>(p) & ~(1 << shift)) | ((<u8>value) << shift));
  } else if (kind == U8) store<u8>(base + at, <u8>value);
  else if (kind == I16) store<i16>(base + (at << 1), <i16>value);
  else store<i32>(base + (at << 2), value);
}

function run(op: usize, s: i32, t: i32): void {
  const source = address(op, SOURCE),
    target = address(op, TARGET),
    from = word(op, FROM),
    to = word(op, TO);
  const count = word(op, COUNT),
    ds = word(op, SOURCE_STEP),
    dt = word(op, TARGET_STEP);
  let k = 0;
  if (ds == 1 && dt == 1) {
    if (from == to && from != BITS) {
      const scale = from == U8 ? 0 : from == I16 ? 1 : 2;
      memory.copy(target + (t << scale), source + (s << scale), count << scale);
      return;
    }
    if (from == BITS && to == BITS && !((s | t) & 3)) {
      k = count & ~3;
      memory.copy(target + (t >> 2), source + (s >> 2), k >> 2);
    }
    if (ASC_FEATURE_SIMD && from == U8 && to == I16)
      for (; k + 8 <= count; k += 8) v128.store(target + ((t + k) << 1), v128.load_ext<u8>(source + s + k));
  }
  const value = word(op, VALUE);
  for (; k < count; k++)
    write(to, target, t + k * dt, from == FILL ? value : read(from, source, s + k * ds, to == BITS));
}

/** Runs r0..r1 of the innermost axis. */
export function copy(op: usize, r0: i32, r1: i32): void {
  for (let r = r0; r < r1; r++) {
    let s = word(op, SOURCE_START),
      t = word(op, TARGET_START),
      rest = r;
    for (let axis: usize = 0; axis < 4; axis++) {
      const count = word(op, AXES + 3 * axis),
        next = rest / count,
        index = rest - next * count;
      s += index * word(op, AXES + 3 * axis + 1);
      t += index * word(op, AXES + 3 * axis + 2);
      rest = next;
    }
    run(op, s, t);
  }
}

/** Zeroes the border around an image: base, pitch, rows of the image, bytes above, left, inside, right, below. */
export function border(op: usize): void {
  const pitch = word(op, 3),
    rows = word(op, 4),
    left = word(op, 6),
    inside = word(op, 7),
    right = word(op, 8);
  let p = address(op, 2);
  memory.fill(p, 0, word(op, 5));
  p += word(op, 5);
  for (let y = 0; y < rows; y++, p += pitch) {
    memory.fill(p, 0, left);
    memory.fill(p + left + inside, 0, right);
  }
  memory.fill(p, 0, word(op, 9));
}

/**
 * Packs rows r0..r1 of nibbles as panels of `panel` output channels, `rows` rows to a member of a batch: the right
 * operand of a binary matrix product.
 */
export function panels(op: usize, r0: i32, r1: i32): void {
  const source = address(op, SOURCE), target = address(op, TARGET), step = word(op, 4), steps = word(op, 5), panel = word(op, 6);
  const rows = word(op, 7), bytes = word(op, 8);
  // A scalar product compares whole bytes; an index of a swizzle is the nibble itself.
  const shift: u32 = panel > 1 ? 4 : 0;
  for (let r = r0; r < r1; r++) {
    const member = r / rows, n = r - member * rows;
    const from = source + <usize>(r * step), to = target + <usize>(member * bytes + (n / panel) * panel * steps + n % panel);
    for (let k = 0; k < steps; k++) store<u8>(to + <usize>(k * panel), load<u8>(from + k) >> <u8>shift);
  }
}
