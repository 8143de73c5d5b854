// Ops whose output row depends on the same row of their inputs. They run tile by tile right after the op that
// makes their input, so that it is still in the first-level cache.
import { Opcode } from '../../src/engine/opcodes';
import { Residual, Rowwise, View } from '../../src/engine/words';
import { affine, clamp, gelu, prelu, sigmoid, tanh } from './values';
import { VIEW_A, VIEW_B, VIEW_OUT, address, rowAt, word } from './record';

/** level[number of thresholds <= x], by binary search; NaN is above none. */
function quantize(x: f32, thresholds: usize, count: i32, levels: usize): f32 {
  let from = 0;
  while (count > 0) {
    const half = count >> 1;
    if (load<f32>(thresholds + (<usize>(from + half) << 2)) <= x) { from += half + 1; count -= half + 1; }
    else count = half;
  }
  return load<f32>(levels + (<usize>from << 2));
}

// @ts-ignore: decorator
@inline function narrow(a: v128, b: v128): v128 { return i16x8.narrow_i32x4_s(a, b); }
// @ts-ignore: decorator
@inline function below(isFloat: bool, x: usize, t: usize, at: usize): v128 {
  return isFloat ? f32x4.lt(v128.load(x + at), v128.load(t + at)) : i32x4.lt_s(v128.load(x + at), v128.load(t + at));
}
/** Bits of 16 elements below their thresholds. */
// @ts-ignore: decorator
@inline function below16(isFloat: bool, x: usize, t: usize): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(
    narrow(below(isFloat, x, t, 0), below(isFloat, x, t, 16)),
    narrow(below(isFloat, x, t, 32), below(isFloat, x, t, 48)),
  ));
}

/** 32 thresholds: their bits. */
function below32(isFloat: bool, x: usize, t: usize): u32 {
  if (ASC_FEATURE_SIMD)
    return isFloat ? below16(true, x, t) | (below16(true, x + 64, t + 64) << 16) : below16(false, x, t) | (below16(false, x + 64, t + 64) << 16);
  let bits: u32 = 0;
  for (let k: usize = 0; k < 32; k++) {
    const less = isFloat ? load<f32>(x + (k << 2)) < load<f32>(t + (k << 2)) : load<i32>(x + (k << 2)) < load<i32>(t + (k << 2));
    bits |= <u32>less << <u32>k;
  }
  return bits;
}

/** Spreads 32 bits over the high halves of 8 bytes: the engine's layout of activations. */
// @ts-ignore: decorator
@inline export function spread(bits: u32): u64 {
  let x = <u64>bits;
  x = (x | (x << 16)) & 0x0000ffff0000ffff;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0f;
  return x << 4;
}

/** One row of an opcode, `count` channels; `at` is the byte offset of its first channel in per-channel parameters. */
function row(op: usize, code: i32, a: usize, b: usize, out: usize, at: usize, count: i32): void {
  const p0 = address(op, Rowwise.p0) + at, p1 = address(op, Rowwise.p1) + at, p2 = address(op, Rowwise.p2) + at;
  const bytes = <usize>count << 2;
  switch (code) {
    case Opcode.affineI32: for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(out + c, affine(toF(loadI(a + c)), loadF(p0 + c), loadF(p1 + c))); break;
    case Opcode.affineF32: for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(out + c, affine(loadF(a + c), loadF(p0 + c), loadF(p1 + c))); break;
    case Opcode.clamp: {
      const low = splatF(load<f32>(op + (Rowwise.s0 << 2))), high = splatF(load<f32>(op + (Rowwise.s1 << 2)));
      for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(out + c, clamp(loadF(a + c), low, high));
      break;
    }
    case Opcode.prelu: for (let c: usize = 0; c < bytes; c += LANES << 2)
      storeF(out + c, prelu(loadF(a + c), loadF(p0 + c), loadF(p1 + c), loadF(p2 + c))); break;
    case Opcode.residual:
      if (word(op, Residual.integers)) for (let c: usize = 0; c < bytes; c += LANES << 2)
        storeF(out + c, addF(affine(toF(loadI(a + c)), loadF(p0 + c), loadF(p1 + c)), loadF(b + c)));
      else for (let c: usize = 0; c < bytes; c += LANES << 2)
        storeF(out + c, addF(affine(loadF(a + c), loadF(p0 + c), loadF(p1 + c)), loadF(b + c)));
      break;
    case Opcode.addF32: for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(out + c, addF(loadF(a + c), loadF(b + c))); break;
    case Opcode.quantize: for (let c: usize = 0; c < bytes; c += 4)
      store<f32>(out + c, quantize(load<f32>(a + c), address(op, Rowwise.p0), word(op, Rowwise.s0), address(op, Rowwise.p1))); break;
    case Opcode.widenLevels: for (let c: usize = 0; c < <usize>count; c++)
      store<i32>(out + (c << 2), 1 - 2 * ((load<u8>(a + (c >> 2)) >> <u8>(4 + (c & 3))) & 1)); break;
    case Opcode.thresholdI32: case Opcode.thresholdF32: {
      const flips = address(op, Rowwise.p1) + (at >> 5);
      for (let c: usize = 0; c < bytes; c += 128)
        store<u64>(out + (c >> 4), spread(below32(code == Opcode.thresholdF32, a + c, p0 + c) ^ load<u32>(flips + (c >> 5))));
      break;
    }
    default: for (let c: usize = 0; c < bytes; c += LANES << 2) {
      // Less common or costly enough that choosing again for each vector does not matter.
      if (code == Opcode.addI32) storeI(out + c, addI(loadI(a + c), loadI(b + c)));
      else if (code == Opcode.widenBytes) storeI(out + c, loadU8(a + (c >> 2)));
      else {
        const x = loadF(a + c);
        storeF(out + c, code == Opcode.mulF32 ? mulF(x, loadF(b + c)) : code == Opcode.sigmoid ? sigmoid(x) : code == Opcode.tanh ? tanh(x) : gelu(x));
      }
    }
  }
}

/** Width of the image that a view shows, 0 for one line. */
// @ts-ignore: decorator
@inline function widthOf(view: usize): i32 { return max(word(view, View.width), 0); }
/** Bytes to add to the place of a view's row at the end of a line. */
function skipOf(view: usize): i32 { return widthOf(view) ? word(view, View.pitch) - widthOf(view) * word(view, View.step) : 0; }

/** Rows r0..r1, channels c0..c1 (c0 a multiple of 64). Images that are no single line are of one width. */
export function elementwise(op: usize, code: i32, r0: i32, r1: i32, c0: i32, c1: i32): void {
  const at = <usize>c0 << 2, levels = op + (Residual.levels << 2), decides = code == Opcode.residual && word(op, Residual.t) != 0;
  let a = rowAt(op + VIEW_A, r0) + (code == Opcode.widenBytes ? <usize>c0 : code == Opcode.widenLevels ? at >> 4 : at);
  let b = rowAt(op + VIEW_B, r0) + at, l = decides ? rowAt(levels, r0) + (at >> 4) : 0;
  let out = rowAt(op + VIEW_OUT, r0) + (code >= Opcode.thresholdI32 && code < Opcode.residual ? at >> 4 : at);
  const width = max(max(widthOf(op + VIEW_A), widthOf(op + VIEW_B)), max(widthOf(op + VIEW_OUT), decides ? widthOf(levels) : 0));
  const skipA = skipOf(op + VIEW_A), skipB = skipOf(op + VIEW_B), skipOut = skipOf(op + VIEW_OUT), skipL = decides ? skipOf(levels) : 0;
  let left = width ? width - r0 % width : i32.MAX_VALUE;
  for (let r = r0; r < r1; r++) {
    row(op, code, a, b, out, at, c1 - c0);
    // The parameters of the threshold stand as those of an op of its own would, further on.
    if (decides) row(op + (Residual.t - Rowwise.p0 << 2), Opcode.thresholdF32, out, 0, l, at, c1 - c0);
    a += word(op + VIEW_A, View.step); b += word(op + VIEW_B, View.step); out += word(op + VIEW_OUT, View.step); l += word(levels, View.step);
    if (--left == 0) { a += skipA; b += skipB; out += skipOut; l += skipL; left = width; }
  }
}
