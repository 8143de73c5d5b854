// Convolutions, fully connected layers and matrix products: one driver, a kernel of 2 rows for each kind of
// operand. A window is a list of equally long segments of the input (the taps, or whole kernel rows where
// they are adjacent), so nothing is copied into columns. Weights are panels of output channels, lanes are channels.
import { Opcode } from '../../src/engine/opcodes';
import { Mode, Product, RecordWords, View } from '../../src/engine/words';
import { spread } from './elementwise';
import { lookup, lookupNarrow } from './lookup';
import { VIEW_OUT, address, rowAt, scratchBase, word } from './record';

// @ts-ignore: decorator
@inline function dot(sum: v128, a: v128, w: v128): v128 { return i32x4.add(sum, i32x4.dot_i16x8_s(a, w)); }
// @ts-ignore: decorator
@inline function multiplyAdd(sum: v128, a: v128, w: v128): v128 { return f32x4.add(sum, f32x4.mul(a, w)); }

/** 2 rows x 16 channels of i16 pairs; writes 2 x 16 i32. */
function integer(p0: usize, p1: usize, w: usize, segments: usize, end: usize, length: i32, out: usize): void {
  const zero = i32x4.splat(0);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
  for (; segments < end; segments += 4) {
    const offset = <usize>load<i32>(segments), stop = p0 + offset + (length << 2);
    let a1 = p1 + offset;
    for (let a0 = p0 + offset; a0 < stop; a0 += 4, a1 += 4, w += 64) {
      const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
      let a = v128.load32_splat(a0);
      c0 = dot(c0, a, w0); c1 = dot(c1, a, w1); c2 = dot(c2, a, w2); c3 = dot(c3, a, w3);
      a = v128.load32_splat(a1);
      c4 = dot(c4, a, w0); c5 = dot(c5, a, w1); c6 = dot(c6, a, w2); c7 = dot(c7, a, w3);
    }
  }
  store8(out, c0, c1, c2, c3, c4, c5, c6, c7);
}

/** 2 rows x 16 channels of f32, product and sum rounded apart, in the order of the window; writes 2 x 16 f32. */
function float(p0: usize, p1: usize, w: usize, segments: usize, end: usize, length: i32, out: usize, step: usize): void {
  const zero = f32x4.splat(0);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
  for (; segments < end; segments += 4) {
    const offset = <usize>load<i32>(segments), stop = p0 + offset + (length << 2);
    let a1 = p1 + offset;
    for (let a0 = p0 + offset; a0 < stop; a0 += 4, a1 += 4, w += step) {
      const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
      let a = v128.load32_splat(a0);
      c0 = multiplyAdd(c0, a, w0); c1 = multiplyAdd(c1, a, w1); c2 = multiplyAdd(c2, a, w2); c3 = multiplyAdd(c3, a, w3);
      a = v128.load32_splat(a1);
      c4 = multiplyAdd(c4, a, w0); c5 = multiplyAdd(c5, a, w1); c6 = multiplyAdd(c6, a, w2); c7 = multiplyAdd(c7, a, w3);
    }
  }
  store8(out, c0, c1, c2, c3, c4, c5, c6, c7);
}

// @ts-ignore: decorator
@inline function store8(out: usize, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128): void {
  v128.store(out, c0); v128.store(out, c1, 16); v128.store(out, c2, 32); v128.store(out, c3, 48);
  v128.store(out, c4, 64); v128.store(out, c5, 80); v128.store(out, c6, 96); v128.store(out, c7, 112);
}

/** One output channel of one row, for the scalar build: weights are panels of one channel. */
function scalar(code: i32, mode: i32, p: usize, w: usize, segments: usize, end: usize, length: i32, step: usize, initial: usize, out: usize): void {
  let count = 0;
  let sum: f32 = 0;
  for (; segments < end; segments += 4) {
    let a = p + <usize>load<i32>(segments);
    if (code <= Opcode.productPaired) {
      const stop = a + length;
      for (; a + 8 <= stop; a += 8, w += 8) count += <i32>popcnt<u64>(load<u64>(a) ^ load<u64>(w));
      for (; a < stop; a++, w++) count += popcnt<i32>(load<u8>(a) ^ load<u8>(w));
    } else if (code == Opcode.productInteger) {
      for (const stop = a + (length << 2); a < stop; a += 2, w += 2) count += <i32>load<i16>(a) * <i32>load<i16>(w);
    } else {
      for (const stop = a + (length << 2); a < stop; a += 4, w += step) sum += load<f32>(a) * load<f32>(w);
    }
  }
  if (code <= Opcode.productPaired) store<i32>(out, load<i32>(mode == Mode.add ? out : initial) - (count << 1));
  else if (code == Opcode.productInteger) store<i32>(out, load<i32>(initial) + (count << mode));
  else store<f32>(out, sum);
}

/** Bits of 16 counts above their limits. */
// @ts-ignore: decorator
@inline function above16(counts: usize, limits: usize): u32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(
    i16x8.gt_s(v128.load(counts), v128.load(limits)), i16x8.gt_s(v128.load(counts, 16), v128.load(limits, 16)),
  ));
}

/** Turns the counts of one row and panel into levels: what a threshold would make of the sums. */
function decide(counts: usize, out: usize, limits: usize, flips: usize, channels: i32): void {
  for (const stop = out + (channels + 3 >> 2); out < stop; out += 8, counts += 64, limits += 64, flips += 4)
    store<u64>(out, spread((above16(counts, limits) | (above16(counts + 32, limits + 32) << 16)) ^ load<u32>(flips)));
}

/** Turns the sums of one row and panel into the output's values. */
function finish(code: i32, mode: i32, sums: usize, out: usize, from: usize, channels: i32): void {
  const stop = out + (channels << 2);
  if (code <= Opcode.productPaired) {
    if (mode == Mode.add) from = out;
    for (; out < stop; out += 16, sums += 8, from += 16)
      v128.store(out, i32x4.sub(v128.load(from), i32x4.shl(v128.load_ext<u16>(sums), 1)));
  } else if (code == Opcode.productInteger) {
    for (; out < stop; out += 16, sums += 16, from += 16)
      v128.store(out, i32x4.add(v128.load(from), i32x4.shl(v128.load(sums), mode)));
  } else for (; out < stop; out += 16, sums += 16) v128.store(out, v128.load(sums));
}

// The row in work, as a position in the image of windows: products never read scratch, so no view of it is needed.
let base: usize = 0;
let stepX: i32 = 0;
let stepY: i32 = 0;
let width: i32 = 0;
let initial: usize = 0;
let rowClass: usize = 0;
let columnClass: usize = 0;

/** Reads the words that stay the same for all rows of a part. */
function enter(op: usize, part: i32): void {
  base = address(op, RecordWords.a) + <usize>(part * word(op, Product.partInput));
  stepX = word(op, RecordWords.a + View.step); stepY = word(op, RecordWords.a + View.pitch);
  // A dense layer is one line.
  width = word(op, RecordWords.a + View.width) || i32.MAX_VALUE;
  initial = address(op, Product.initial) + <usize>(part * word(op, Product.partOutput));
  rowClass = address(op, Product.rowClass); columnClass = address(op, Product.columnClass);
}

/** First tap of the window at (y, x). */
// @ts-ignore: decorator
@inline function windowAt(y: i32, x: i32): usize { return base + <usize>(y * stepY + x * stepX); }

/** Where the initial values for the window at (y, x) begin. */
// @ts-ignore: decorator
@inline function initialAt(y: i32, x: i32): usize {
  return rowClass ? initial + load<i32>(rowClass + (<usize>y << 2)) + load<i32>(columnClass + (<usize>x << 2)) : initial;
}

/** The output row, which lies at (y, x) of the output image. */
// @ts-ignore: decorator
@inline function outputAt(op: usize, r: i32, y: i32, x: i32): usize {
  return word(op, RecordWords.out + View.width) < 0 ? rowAt(op + VIEW_OUT, r) : address(op, RecordWords.out) + <usize>(y * word(op, RecordWords.out + View.pitch) + x * word(op, RecordWords.out + View.step));
}

/** As `decide` for a panel of 16 channels, which is the only one of its product. */
// @ts-ignore: decorator
@inline function decideNarrow(counts: usize, out: usize, limits: usize, flips: usize): void {
  store<u64>(out, spread(above16(counts, limits) ^ load<u16>(flips)));
}

/** Where in scratch, behind the sums, the window, initial values and output of each row in work are written. */
const SPOTS: usize = 256;
const SPOT: usize = 12;

/** Rows r0..r1 and output channels c0..c1 of a part; c0 is a multiple of 64. */
function productPart(op: usize, code: i32, part: i32, r0: i32, r1: i32, c0: i32, c1: i32): void {
  const binary = code <= Opcode.productPaired, panel = word(op, Product.panel), narrow = binary && panel == 16;
  const rowSums: usize = narrow ? 32 : binary ? 128 : 64, rows = !ASC_FEATURE_SIMD ? 1 : narrow ? 4 : 2;
  const segments = address(op, Product.segments), end = address(op, Product.segmentsEnd), length = word(op, Product.segmentLength);
  const mode = word(op, Product.mode), step = address(op, Product.stepBytes), panelBytes = word(op, Product.panelBytes);
  const decides = ASC_FEATURE_SIMD && binary && mode == Mode.decide;
  const sums = scratchBase(), spots = sums + SPOTS;
  const weights = address(op, Product.weights) + <usize>(part * word(op, Product.partWeights)), output = <usize>(part * word(op, Product.partOutput));
  enter(op, part);
  const firstY = r0 / width, firstX = r0 - firstY * width;
  for (let n = c0; n < c1; n += panel) {
    const w = weights + <usize>((n / panel) * panelBytes), count = min(panel, c1 - n);
    const from = <usize>n << (decides ? 1 : 2), to = output + (decides ? <usize>n >> 2 : from), flips = step + (<usize>n >> 3);
    let y = firstY, x = firstX;
    for (let r = r0; r < r1; r += rows) {
      const have = min(rows, r1 - r);
      for (let i = 0; i < rows; i++) {
        // Where there are fewer rows, the last one is computed again.
        const spot = spots + <usize>i * SPOT;
        store<usize>(spot, windowAt(y, x));
        if (i >= have) continue;
        store<usize>(spot, initialAt(y, x) + from, 4);
        store<usize>(spot, outputAt(op, r + i, y, x) + to, 8);
        if (i + 1 < have || rows == have) if (++x == width) { x = 0; y++; }
      }
      const p0 = load<usize>(spots), p1 = load<usize>(spots, SPOT);
      if (!ASC_FEATURE_SIMD) {
        scalar(code, mode, p0, w, segments, end, length, step, load<usize>(spots, 4), load<usize>(spots, 8));
        continue;
      }
      if (narrow) lookupNarrow(spots, w, segments, end, length, sums);
      else if (binary) lookup(p0, p1, w, segments, end, length, sums);
      else if (code == Opcode.productInteger) integer(p0, p1, w, segments, end, length, sums);
      else float(p0, p1, w, segments, end, length, sums, step);
      for (let i = 0; i < have; i++) {
        const spot = spots + <usize>i * SPOT, counts = sums + <usize>i * rowSums, begin = load<usize>(spot, 4), out = load<usize>(spot, 8);
        if (!decides) finish(code, mode, counts, out, begin, count);
        else if (narrow) decideNarrow(counts, out, begin, flips);
        else decide(counts, out, begin, flips, count);
      }
    }
  }
}

/** Rows r0..r1 and output channels c0..c1 of a product. */
export function product(op: usize, code: i32, r0: i32, r1: i32, c0: i32, c1: i32): void {
  const rows = word(op, Product.partRows), channels = min(c1, word(op, Product.channels));
  if (!rows) {
    for (let part = 0; part < word(op, Product.parts); part++) productPart(op, code, part, r0, r1, c0, channels);
    return;
  }
  for (let part = r0 / rows; part * rows < r1; part++)
    productPart(op, code, part, max(r0, part * rows), min(r1, (part + 1) * rows), c0, channels);
}
