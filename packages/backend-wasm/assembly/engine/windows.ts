// Ops over sliding windows with a separate result for each channel: pooling and depthwise convolution.
// Padded taps are skipped by clipping the window, so inputs need no border here.
import { VIEW_OUT, address, rowAt, word } from './record';

const INPUT: usize = 14;
const PIXEL_BYTES: usize = 15;
const PITCH: usize = 16;
const HEIGHT: usize = 17;
const WIDTH: usize = 18;
const KERNEL: usize = 19;
const STRIDES: usize = 21;
const PAD_TOP: usize = 23;
const PAD_LEFT: usize = 24;
const OUT_WIDTH: usize = 25;
const DILATIONS: usize = 26;
/** Depthwise: weights as i32 or f32 [taps][channels], bytes of a tap, shift and value of padded taps. */
const WEIGHTS: usize = 28;
const TAP_BYTES: usize = 29;
const SHIFT: usize = 30;
const PAD_VALUE: usize = 31;

const MAX_BITS: i32 = 0;
const MAX_U8: i32 = 1;
const MAX_I32: i32 = 2;
const MAX_F32: i32 = 3;
const MEAN_I32: i32 = 4;
const MEAN_F32: i32 = 5;
const DEPTHWISE_I32: i32 = 6;

/** The window of the output row in work, clipped: kernel rows y0..y1, columns x0..x1; first is its top left tap. */
let y0: i32 = 0;
let y1: i32 = 0;
let x0: i32 = 0;
let x1: i32 = 0;
let first: usize = 0;

/** Smallest i >= 0 with at + i * dilation >= 0. */
// @ts-ignore: decorator
@inline function clipLow(at: i32, dilation: i32): i32 { return at < 0 ? (dilation - 1 - at) / dilation : 0; }
/** End of the i < count with at + i * dilation < size. */
// @ts-ignore: decorator
@inline function clipHigh(at: i32, dilation: i32, count: i32, size: i32): i32 {
  return at >= size ? 0 : min(count, (size - 1 - at) / dilation + 1);
}

function place(op: usize, row: i32): void {
  const outWidth = word(op, OUT_WIDTH), oy = row / outWidth, ox = row - oy * outWidth;
  const dy = word(op, DILATIONS), dx = word(op, DILATIONS + 1);
  const top = oy * word(op, STRIDES) - word(op, PAD_TOP), left = ox * word(op, STRIDES + 1) - word(op, PAD_LEFT);
  y0 = clipLow(top, dy); y1 = clipHigh(top, dy, word(op, KERNEL), word(op, HEIGHT));
  x0 = clipLow(left, dx); x1 = clipHigh(left, dx, word(op, KERNEL + 1), word(op, WIDTH));
  first = address(op, INPUT) + <usize>(top * word(op, PITCH) + left * word(op, PIXEL_BYTES));
}

/** Maximum of `bytes` bytes of each tap; every window has a real tap. */
function maximum(op: usize, kind: i32, out: usize, bytes: usize): void {
  const pitch = word(op, PITCH), pixel = word(op, PIXEL_BYTES);
  const width: usize = kind == MAX_BITS ? 8 : ASC_FEATURE_SIMD ? 16 : kind == MAX_U8 ? 1 : 4;
  for (let c: usize = 0; c < bytes; c += width) {
    const start = first + <usize>(y0 * pitch + x0 * pixel) + c;
    if (ASC_FEATURE_SIMD) {
      let m = v128.load(start);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) {
        const v = v128.load(first + <usize>(y * pitch + x * pixel) + c);
        if (kind == MAX_BITS) m = v128.and(m, v);
        else if (kind == MAX_U8) m = i8x16.max_u(m, v);
        else if (kind == MAX_I32) m = i32x4.max_s(m, v);
        else m = f32x4.pmax(m, v);
      }
      if (kind == MAX_BITS) v128.store_lane<u64>(out + c, m, 0);
      else v128.store(out + c, m);
    } else {
      let bits: u64 = -1, byte = 0, integer = i32.MIN_VALUE, float = load<f32>(start);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) {
        const p = first + <usize>(y * pitch + x * pixel) + c;
        if (kind == MAX_BITS) bits &= load<u64>(p);
        else if (kind == MAX_U8) byte = max(byte, <i32>load<u8>(p));
        else if (kind == MAX_I32) integer = max(integer, load<i32>(p));
        else { const v = load<f32>(p); float = v > float ? v : float; }
      }
      if (kind == MAX_BITS) store<u64>(out + c, bits);
      else if (kind == MAX_U8) store<u8>(out + c, <u8>byte);
      else if (kind == MAX_I32) store<i32>(out + c, integer);
      else store<f32>(out + c, float);
    }
  }
}

function mean(op: usize, kind: i32, out: usize, bytes: usize): void {
  const pitch = word(op, PITCH), pixel = word(op, PIXEL_BYTES), n = <f32>((y1 - y0) * (x1 - x0));
  if (kind == MEAN_I32) {
    for (let c: usize = 0; c < bytes; c += LANES << 2) {
      let s = splatI(0);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) s = addI(s, loadI(first + <usize>(y * pitch + x * pixel) + c));
      storeF(out + c, divF(toF(s), splatF(n)));
    }
    return;
  }
  for (let c: usize = 0; c < bytes; c += LANES << 2) {
    let s = splatF(0);
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) s = addF(s, loadF(first + <usize>(y * pitch + x * pixel) + c));
    storeF(out + c, divF(s, splatF(n)));
  }
}

/** Inputs are i16 (integer) or f32. */
function depthwise(op: usize, kind: i32, out: usize, bytes: usize): void {
  const pitch = word(op, PITCH) * word(op, DILATIONS), pixel = word(op, PIXEL_BYTES) * word(op, DILATIONS + 1);
  const rows = word(op, KERNEL), columns = word(op, KERNEL + 1), tap = word(op, TAP_BYTES), weights = address(op, WEIGHTS);
  for (let c: usize = 0; c < bytes; c += LANES << 2) {
    const w = weights + c;
    if (kind == DEPTHWISE_I32) {
      let real = splatI(0), padded = splatI(0);
      for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
        const k = loadI(w + <usize>((y * columns + x) * tap));
        if (y >= y0 && y < y1 && x >= x0 && x < x1) real = addI(real, mulI(k, loadI16(first + <usize>(y * pitch + x * pixel) + (c >> 1))));
        else padded = addI(padded, k);
      }
      storeI(out + c, addI(shlI(real, word(op, SHIFT)), mulI(padded, splatI(word(op, PAD_VALUE)))));
    } else {
      let s = splatF(0);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++)
        s = addF(s, mulF(loadF(first + <usize>(y * pitch + x * pixel) + c), loadF(w + <usize>((y * columns + x) * tap))));
      storeF(out + c, s);
    }
  }
}

/** Rows r0..r1 of a window op, all channels. `channels` counts 4-byte lanes, 32 bits, or bytes, by kind. */
export function windows(op: usize, kind: i32, r0: i32, r1: i32, channels: i32): void {
  const bytes = kind == MAX_BITS ? <usize>((channels + 31) >> 5 << 3) : kind == MAX_U8 ? <usize>channels : <usize>channels << 2;
  for (let r = r0; r < r1; r++) {
    const out = rowAt(op + VIEW_OUT, r);
    place(op, r);
    if (kind <= MAX_F32) maximum(op, kind, out, bytes);
    else if (kind <= MEAN_F32) mean(op, kind, out, bytes);
    else depthwise(op, kind, out, bytes);
  }
}
