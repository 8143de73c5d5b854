// Moving elements: one copy between two strided index spaces of up to five axes serves concat, slice, pad,
// transpose, reshape, borders and conversions to i16. Positions count elements from the tensor's base; `bits`
// elements are 4 to a byte, as in lookup.ts.
import { Element } from '../../src/engine/opcodes';
import { Border, Copy, Panels } from '../../src/engine/words';
import { address, word } from './record';

function read(kind: i32, base: usize, at: i32, toBits: bool): i32 {
  if (kind == Element.bits) {
    const bit = (load<u8>(base + (at >> 2)) >> (<u8>(4 + (at & 3)))) & 1;
    return toBits ? bit : 1 - 2 * bit;
  }
  if (kind == Element.u8) return load<u8>(base + at);
  if (kind == Element.i16) return load<i16>(base + (at << 1));
  return load<i32>(base + (at << 2));
}

function write(kind: i32, base: usize, at: i32, value: i32): void {
  if (kind == Element.bits) {
    const p = base + (at >> 2),
      shift = <u8>(4 + (at & 3));
    store<u8>(p, (load<u8>(p) & ~(1 << shift)) | ((<u8>value) << shift));
  } else if (kind == Element.u8) store<u8>(base + at, <u8>value);
  else if (kind == Element.i16) store<i16>(base + (at << 1), <i16>value);
  else store<i32>(base + (at << 2), value);
}

function run(op: usize, s: i32, t: i32): void {
  const source = address(op, Copy.source),
    target = address(op, Copy.target),
    from = word(op, Copy.from),
    to = word(op, Copy.to);
  const count = word(op, Copy.count),
    ds = word(op, Copy.sourceStep),
    dt = word(op, Copy.targetStep);
  let k = 0;
  if (ds == 1 && dt == 1) {
    if (from == to && from != Element.bits) {
      const scale = from == Element.u8 ? 0 : from == Element.i16 ? 1 : 2;
      memory.copy(target + (t << scale), source + (s << scale), count << scale);
      return;
    }
    if (from == Element.bits && to == Element.bits && !((s | t) & 3)) {
      k = count & ~3;
      memory.copy(target + (t >> 2), source + (s >> 2), k >> 2);
    }
    if (ASC_FEATURE_SIMD && from == Element.u8 && to == Element.i16)
      for (; k + 8 <= count; k += 8) v128.store(target + ((t + k) << 1), v128.load_ext<u8>(source + s + k));
  }
  const value = word(op, Copy.value);
  for (; k < count; k++)
    write(to, target, t + k * dt, from == Element.fill ? value : read(from, source, s + k * ds, to == Element.bits));
}

/** Runs r0..r1 of the innermost axis. */
export function copy(op: usize, r0: i32, r1: i32): void {
  for (let r = r0; r < r1; r++) {
    let s = word(op, Copy.sourceStart),
      t = word(op, Copy.targetStart),
      rest = r;
    for (let axis: usize = 0; axis < 4; axis++) {
      const count = word(op, Copy.axes + 3 * axis),
        next = rest / count,
        index = rest - next * count;
      s += index * word(op, Copy.axes + 3 * axis + 1);
      t += index * word(op, Copy.axes + 3 * axis + 2);
      rest = next;
    }
    run(op, s, t);
  }
}

/** Zeroes the border around an image. */
export function border(op: usize): void {
  const pitch = word(op, Border.pitch),
    rows = word(op, Border.rows),
    left = word(op, Border.left),
    inside = word(op, Border.inside),
    right = word(op, Border.right);
  let p = address(op, Border.base);
  memory.fill(p, 0, word(op, Border.above));
  p += word(op, Border.above);
  for (let y = 0; y < rows; y++, p += pitch) {
    memory.fill(p, 0, left);
    memory.fill(p + left + inside, 0, right);
  }
  memory.fill(p, 0, word(op, Border.below));
}

/**
 * Packs rows r0..r1 of nibbles as panels of `panel` output channels, `rows` rows to a member of a batch: the right
 * operand of a binary matrix product.
 */
export function panels(op: usize, r0: i32, r1: i32): void {
  const source = address(op, Panels.source), target = address(op, Panels.target), step = word(op, Panels.step), steps = word(op, Panels.steps), panel = word(op, Panels.panel);
  const rows = word(op, Panels.rows), bytes = word(op, Panels.bytes);
  // A scalar product compares whole bytes; an index of a swizzle is the nibble itself.
  const shift: u32 = panel > 1 ? 4 : 0;
  for (let r = r0; r < r1; r++) {
    const member = r / rows, n = r - member * rows;
    const from = source + <usize>(r * step), to = target + <usize>(member * bytes + (n / panel) * panel * steps + n % panel);
    for (let k = 0; k < steps; k++) store<u8>(to + <usize>(k * panel), load<u8>(from + k) >> <u8>shift);
  }
}
