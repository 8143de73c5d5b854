// Ops over sliding windows with a separate result for each channel: pooling and depthwise convolution.
// Padded taps are skipped by clipping the window, so inputs need no border here.
import { Opcode } from '../../src/engine/opcodes';
import { Depthwise, Windows } from '../../src/engine/words';
import { VIEW_OUT, address, rowAt, word } from './record';

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
  const outWidth = word(op, Windows.outWidth), oy = row / outWidth, ox = row - oy * outWidth;
  const dy = word(op, Windows.dilationY), dx = word(op, Windows.dilationX);
  const top = oy * word(op, Windows.strideY) - word(op, Windows.padTop), left = ox * word(op, Windows.strideX) - word(op, Windows.padLeft);
  y0 = clipLow(top, dy); y1 = clipHigh(top, dy, word(op, Windows.kernelHeight), word(op, Windows.height));
  x0 = clipLow(left, dx); x1 = clipHigh(left, dx, word(op, Windows.kernelWidth), word(op, Windows.width));
  first = address(op, Windows.input) + <usize>(top * word(op, Windows.pitch) + left * word(op, Windows.pixelBytes));
}

/** Maximum of `bytes` bytes of each tap; every window has a real tap. */
function maximum(op: usize, code: i32, out: usize, bytes: usize): void {
  const pitch = word(op, Windows.pitch), pixel = word(op, Windows.pixelBytes);
  const width: usize = code == Opcode.maxBits ? 8 : ASC_FEATURE_SIMD ? 16 : code == Opcode.maxU8 ? 1 : 4;
  for (let c: usize = 0; c < bytes; c += width) {
    const start = first + <usize>(y0 * pitch + x0 * pixel) + c;
    if (ASC_FEATURE_SIMD) {
      let m = v128.load(start);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) {
        const v = v128.load(first + <usize>(y * pitch + x * pixel) + c);
        if (code == Opcode.maxBits) m = v128.and(m, v);
        else if (code == Opcode.maxU8) m = i8x16.max_u(m, v);
        else if (code == Opcode.maxI32) m = i32x4.max_s(m, v);
        else m = f32x4.pmax(m, v);
      }
      if (code == Opcode.maxBits) v128.store_lane<u64>(out + c, m, 0);
      else v128.store(out + c, m);
    } else {
      let bits: u64 = -1, byte = 0, integer = i32.MIN_VALUE, float = load<f32>(start);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) {
        const p = first + <usize>(y * pitch + x * pixel) + c;
        if (code == Opcode.maxBits) bits &= load<u64>(p);
        else if (code == Opcode.maxU8) byte = max(byte, <i32>load<u8>(p));
        else if (code == Opcode.maxI32) integer = max(integer, load<i32>(p));
        else { const v = load<f32>(p); float = v > float ? v : float; }
      }
      if (code == Opcode.maxBits) store<u64>(out + c, bits);
      else if (code == Opcode.maxU8) store<u8>(out + c, <u8>byte);
      else if (code == Opcode.maxI32) store<i32>(out + c, integer);
      else store<f32>(out + c, float);
    }
  }
}

function mean(op: usize, code: i32, out: usize, bytes: usize): void {
  const pitch = word(op, Windows.pitch), pixel = word(op, Windows.pixelBytes), n = <f32>((y1 - y0) * (x1 - x0));
  if (code == Opcode.meanI32) {
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
function depthwise(op: usize, code: i32, out: usize, bytes: usize): void {
  const pitch = word(op, Windows.pitch) * word(op, Windows.dilationY), pixel = word(op, Windows.pixelBytes) * word(op, Windows.dilationX);
  const rows = word(op, Windows.kernelHeight), columns = word(op, Windows.kernelWidth), tap = word(op, Depthwise.tapBytes), weights = address(op, Depthwise.weights);
  for (let c: usize = 0; c < bytes; c += LANES << 2) {
    const w = weights + c;
    if (code == Opcode.depthwiseI32) {
      let real = splatI(0), padded = splatI(0);
      for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
        const k = loadI(w + <usize>((y * columns + x) * tap));
        if (y >= y0 && y < y1 && x >= x0 && x < x1) real = addI(real, mulI(k, loadI16(first + <usize>(y * pitch + x * pixel) + (c >> 1))));
        else padded = addI(padded, k);
      }
      storeI(out + c, addI(shlI(real, word(op, Depthwise.shift)), mulI(padded, splatI(word(op, Depthwise.padValue)))));
    } else {
      let s = splatF(0);
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++)
        s = addF(s, mulF(loadF(first + <usize>(y * pitch + x * pixel) + c), loadF(w + <usize>((y * columns + x) * tap))));
      storeF(out + c, s);
    }
  }
}

/** Rows r0..r1 of a window op, all channels. `channels` counts 4-byte lanes, 32 bits, or bytes, by opcode. */
export function windows(op: usize, code: i32, r0: i32, r1: i32, channels: i32): void {
  const bytes = code == Opcode.maxBits ? <usize>((channels + 31) >> 5 << 3) : code == Opcode.maxU8 ? <usize>channels : <usize>channels << 2;
  for (let r = r0; r < r1; r++) {
    const out = rowAt(op + VIEW_OUT, r);
    place(op, r);
    if (code <= Opcode.maxF32) maximum(op, code, out, bytes);
    else if (code <= Opcode.meanF32) mean(op, code, out, bytes);
    else depthwise(op, code, out, bytes);
  }
}
