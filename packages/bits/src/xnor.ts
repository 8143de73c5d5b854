// Slow, obvious XNOR operations on packed operands: the reference that fast kernels are tested against.
// For a, w in {-1,+1}^K with bit 1 for -1:  a . w = K - 2 popcount(a xor w).
import { checkAccumulator } from './bounds.js';
import { BitgradError } from './errors.js';
import { expectLength, popcount, wordsPerRow } from './layout.js';
import { axisWindow, type BinaryPadding } from './window.js';

/**
 * Dot product of two packed rows.
 * @param a words that hold a row of `length` levels from word `aStart` on
 * @param b likewise from word `bStart` on
 * @param length number of levels, K
 * @returns an integer from -K to K with the parity of K
 */
export function xnorDot(
  a: Uint32Array,
  aStart: number,
  b: Uint32Array,
  bStart: number,
  length: number,
): number {
  let different = 0;
  for (let i = 0; i < wordsPerRow(length); i++) different += popcount(a[aStart + i]! ^ b[bStart + i]!);
  return length - 2 * different;
}

/**
 * Matrix product A B^T of packed rows.
 * @param a packed [m, k]
 * @param b packed [n, k]
 * @returns Int32Array [m, n]
 * @throws BitgradError `shape-mismatch`, `overflow`
 */
export function xnorMatmul(a: Uint32Array, b: Uint32Array, m: number, n: number, k: number): Int32Array {
  const stride = wordsPerRow(k);
  expectLength('packed left operand', a.length, m * stride);
  expectLength('packed right operand', b.length, n * stride);
  checkAccumulator('xnorMatmul', k, 'int32');
  const out = new Int32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) out[i * n + j] = xnorDot(a, i * stride, b, j * stride, k);
  return out;
}

/** Sizes of a packed convolution. */
export interface XnorConv2dShape {
  batch: number;
  height: number;
  width: number;
  /** Input channels. */
  channels: number;
  /** [height, width] of the kernel. */
  kernel: readonly [number, number];
  /** [vertical, horizontal]; default [1, 1]. */
  strides?: readonly [number, number];
  /** [vertical, horizontal]; default [1, 1]. */
  dilations?: readonly [number, number];
  padding: BinaryPadding;
}

/** An integer image, NHWC. */
export interface IntegerImage {
  data: Int32Array;
  height: number;
  width: number;
  channels: number;
}

/** Calls `tap(output pixel, tap, input pixel or -1)` for every output position and tap of a convolution. */
function forEachTap(
  { batch, height, width, kernel, strides = [1, 1], dilations = [1, 1], padding }: XnorConv2dShape,
  tap: (output: number, tap: number, input: number) => void,
): { height: number; width: number } {
  const rows = axisWindow(height, kernel[0], strides[0], dilations[0], padding);
  const columns = axisWindow(width, kernel[1], strides[1], dilations[1], padding);
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < rows.size; y++)
      for (let x = 0; x < columns.size; x++)
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++) {
            const row = y * strides[0] - rows.before + i * dilations[0];
            const column = x * strides[1] - columns.before + j * dilations[1];
            const inside = row >= 0 && row < height && column >= 0 && column < width;
            tap(
              (n * rows.size + y) * columns.size + x,
              i * kernel[1] + j,
              inside ? (n * height + row) * width + column : -1,
            );
          }
  return { height: rows.size, width: columns.size };
}

const bitAt = (words: Uint32Array, row: number, rowLength: number, k: number): number =>
  (words[row * wordsPerRow(rowLength) + (k >>> 5)]! >>> (k & 31)) & 1;

const requireDivisor = (what: string, groups: number, total: number): void => {
  if (!Number.isInteger(groups) || groups < 1 || total % groups !== 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what,
      got: groups,
      expected: `a divisor of ${total}`,
    });
};

const countOutputs = (shape: XnorConv2dShape): number => {
  const { strides = [1, 1], dilations = [1, 1], kernel, padding } = shape;
  return [shape.height, shape.width].reduce(
    (n, size, axis) => n * axisWindow(size, kernel[axis]!, strides[axis]!, dilations[axis]!, padding).size,
    shape.batch,
  );
};

/**
 * Binary convolution (cross-correlation), exact for every stride, padding, dilation and number of groups.
 * @param input packed rows of channels, [batch, height, width, channels]
 * @param kernel packed rows, [outChannels, kernelHeight, kernelWidth, channels / groups] (OHWI)
 * @param shape sizes; `groups` (default 1) divides channels and outChannels, and output channel o sees the
 *   input channels of group floor(o / (outChannels / groups))
 * @returns int32 NHWC [batch, outHeight, outWidth, outChannels]
 * @throws BitgradError `shape-mismatch`, `invalid-option`, `overflow`
 */
export function xnorConv2d(
  input: Uint32Array,
  kernel: Uint32Array,
  shape: XnorConv2dShape & { outChannels: number; groups?: number },
): IntegerImage {
  const { batch, height, width, channels, outChannels, groups = 1, padding } = shape;
  requireDivisor('groups of the input channels', groups, channels);
  requireDivisor('groups of the output channels', groups, outChannels);
  const depth = channels / groups;
  const taps = shape.kernel[0] * shape.kernel[1];
  expectLength('packed input', input.length, batch * height * width * wordsPerRow(channels));
  expectLength('packed kernel', kernel.length, outChannels * taps * wordsPerRow(depth));
  checkAccumulator('xnorConv2d', taps * depth, 'int32');
  const data = new Int32Array(countOutputs(shape) * outChannels);
  const size = forEachTap(shape, (output, tap, pixel) => {
    if (pixel < 0 && padding === 'same-zero') return;
    for (let o = 0; o < outChannels; o++) {
      const first = Math.floor(o / (outChannels / groups)) * depth;
      let different = 0;
      for (let k = 0; k < depth; k++)
        different +=
          (pixel < 0 ? 0 : bitAt(input, pixel, channels, first + k)) ^
          bitAt(kernel, o * taps + tap, depth, k);
      data[output * outChannels + o]! += depth - 2 * different;
    }
  });
  return { data, ...size, channels: outChannels };
}

/**
 * Binary depthwise convolution: output channel q reads input channel floor(q / multiplier).
 * @param input packed rows of channels, [batch, height, width, channels]
 * @param kernel packed rows, [kernelHeight, kernelWidth, channels * multiplier]
 * @param shape sizes; `multiplier` defaults to 1
 * @returns int32 NHWC [batch, outHeight, outWidth, channels * multiplier]
 * @throws BitgradError `shape-mismatch`, `invalid-option`
 */
export function xnorDepthwiseConv2d(
  input: Uint32Array,
  kernel: Uint32Array,
  shape: XnorConv2dShape & { multiplier?: number },
): IntegerImage {
  const { batch, height, width, channels, multiplier = 1, padding } = shape;
  if (!Number.isInteger(multiplier) || multiplier < 1)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what: 'depth multiplier',
      got: multiplier,
      expected: 'an integer >= 1',
    });
  const outChannels = channels * multiplier;
  expectLength('packed input', input.length, batch * height * width * wordsPerRow(channels));
  const taps = shape.kernel[0] * shape.kernel[1];
  expectLength('packed kernel', kernel.length, taps * wordsPerRow(outChannels));
  const data = new Int32Array(countOutputs(shape) * outChannels);
  const size = forEachTap(shape, (output, tap, pixel) => {
    if (pixel < 0 && padding === 'same-zero') return;
    for (let q = 0; q < outChannels; q++) {
      const a = pixel < 0 ? 0 : bitAt(input, pixel, channels, Math.floor(q / multiplier));
      data[output * outChannels + q]! += 1 - 2 * (a ^ bitAt(kernel, tap, outChannels, q));
    }
  });
  return { data, ...size, channels: outChannels };
}
