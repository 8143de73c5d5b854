import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BitgradError,
  accumulatorBound,
  axisWindow,
  checkAccumulator,
  largestExactInteger,
  maxExactTerms,
  packRows,
  xnorConv2d,
  xnorDepthwiseConv2d,
  xnorDot,
  xnorMatmul,
  type AccumulatorFormat,
  type BinaryPadding,
} from '../src/index.js';

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error.code;
    throw error;
  }
  return 'none';
};
const levels = (n: number, seed: number): number[] => {
  let s = seed >>> 0;
  return Array.from({ length: n }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s >>> 31 ? 1 : -1;
  });
};

/** Convolution of an explicitly padded float image with a float kernel [o][i][j][c]; no packing, no window formulas. */
function floatConv(
  image: number[],
  [h, w, c]: [number, number, number],
  kernel: (o: number, i: number, j: number, c: number) => number,
  [kh, kw]: readonly [number, number],
  cOut: number,
  [sh, sw]: readonly [number, number],
  [dh, dw]: readonly [number, number],
  padding: BinaryPadding,
) {
  const fill = padding === 'same-one' ? 1 : 0;
  const pad = (size: number, k: number, s: number, d: number): [number, number] => {
    if (padding === 'valid') return [0, 0];
    // TensorFlow: the smallest total padding that gives ceil(size / s) windows, the odd one after.
    const windows = Math.ceil(size / s);
    let total = 0;
    while (size + total < (windows - 1) * s + (k - 1) * d + 1) total++;
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  };
  const [top, bottom] = pad(h, kh, sh, dh);
  const [left, right] = pad(w, kw, sw, dw);
  const padded = Array.from({ length: top + h + bottom }, (_, y) =>
    Array.from({ length: left + w + right }, (_, x) =>
      Array.from({ length: c }, (_, k) =>
        y < top || y >= top + h || x < left || x >= left + w
          ? fill
          : image[((y - top) * w + x - left) * c + k]!,
      ),
    ),
  );
  const out: number[] = [];
  for (let y = 0; y + (kh - 1) * dh < padded.length; y += sh)
    for (let x = 0; x + (kw - 1) * dw < padded[0]!.length; x += sw)
      for (let o = 0; o < cOut; o++) {
        let sum = 0;
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++)
            for (let k = 0; k < c; k++) sum += padded[y + i * dh]![x + j * dw]![k]! * kernel(o, i, j, k);
        out.push(sum);
      }
  return out;
}

describe('dot and matmul', () => {
  it.each([1, 31, 32, 33, 127])('length %i', (k) => {
    const [a, b] = [levels(3 * k, k), levels(2 * k, k + 1)];
    const expected = [0, 1, 2].flatMap((i) =>
      [0, 1].map((j) =>
        Array.from({ length: k }, (_, n) => a[i * k + n]! * b[j * k + n]!).reduce((s, v) => s + v, 0),
      ),
    );
    const [pa, pb] = [packRows(a, 3, k), packRows(b, 2, k)];
    expect([...xnorMatmul(pa, pb, 3, 2, k)]).toEqual(expected);
    const stride = pa.length / 3;
    expect(xnorDot(pa, stride, pb, stride, k)).toBe(expected[3]);
    expect(xnorDot(pa, 0, pa, 0, k)).toBe(k);
    expect(
      xnorDot(
        pa,
        0,
        packRows(
          a.map((v) => -v),
          3,
          k,
        ),
        0,
        k,
      ),
    ).toBe(-k);
  });
  it('refuses other lengths', () => {
    expect(code(() => xnorMatmul(new Uint32Array(3), new Uint32Array(2), 2, 2, 32))).toBe('shape-mismatch');
    expect(code(() => xnorMatmul(new Uint32Array(2), new Uint32Array(3), 2, 2, 32))).toBe('shape-mismatch');
  });
});

const paddings = ['valid', 'same-zero', 'same-one'] as const;
const axis = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 3 }),
});
type Axis = { size: number; kernel: number; stride: number; dilation: number };
const fits = (padding: BinaryPadding, ...axes: Axis[]): boolean =>
  padding !== 'valid' || axes.every(({ size, kernel, dilation }) => (kernel - 1) * dilation < size);
const common = (v: Axis, h: Axis, channels: number, padding: BinaryPadding) => ({
  batch: 2,
  height: v.size,
  width: h.size,
  channels,
  kernel: [v.kernel, h.kernel] as const,
  strides: [v.stride, h.stride] as const,
  dilations: [v.dilation, h.dilation] as const,
  padding,
});

describe('convolution', () => {
  const channelCounts = [1, 31, 32, 33, 127];
  it.each(paddings)('equals a float convolution, padding %s, any window and groups', (padding) => {
    fc.assert(
      fc.property(
        axis,
        axis,
        fc.constantFrom(1, 2, 3),
        fc.constantFrom(1, 5, 11, 32, 33),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        (v, h, groups, depth, perGroup, seed) => {
          fc.pre(fits(padding, v, h));
          const shape = common(v, h, groups * depth, padding);
          const outChannels = groups * perGroup;
          const pixels = v.size * h.size;
          const image = levels(2 * pixels * shape.channels, seed);
          const taps = v.kernel * h.kernel;
          const kernel = levels(outChannels * taps * depth, seed + 1);
          const got = xnorConv2d(
            packRows(image, 2 * pixels, shape.channels),
            packRows(kernel, outChannels * taps, depth),
            {
              ...shape,
              outChannels,
              groups,
            },
          );
          const expected = [0, 1].flatMap((n) =>
            floatConv(
              image.slice(n * pixels * shape.channels, (n + 1) * pixels * shape.channels),
              [v.size, h.size, shape.channels],
              (o, i, j, c) =>
                Math.floor(c / depth) === Math.floor(o / perGroup)
                  ? kernel[((o * v.kernel + i) * h.kernel + j) * depth + (c % depth)]!
                  : 0,
              shape.kernel,
              outChannels,
              shape.strides,
              shape.dilations,
              padding,
            ),
          );
          expect([...got.data]).toEqual(expected.map((x) => x + 0));
          expect(got.data.length).toBe(2 * got.height * got.width * got.channels);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
  it.each(channelCounts)('3x3 over %i channels, every padding', (c) => {
    for (const padding of paddings) {
      const image = levels(30 * c, c);
      const kernel = levels(4 * 9 * c, c + 9);
      const got = xnorConv2d(packRows(image, 30, c), packRows(kernel, 36, c), {
        batch: 1,
        height: 6,
        width: 5,
        channels: c,
        kernel: [3, 3],
        padding,
        outChannels: 4,
      });
      expect([...got.data]).toEqual(
        floatConv(
          image,
          [6, 5, c],
          (o, i, j, k) => kernel[((o * 3 + i) * 3 + j) * c + k]!,
          [3, 3],
          4,
          [1, 1],
          [1, 1],
          padding,
        ),
      );
    }
  });
  it('depthwise equals a float convolution', () => {
    fc.assert(
      fc.property(
        axis,
        axis,
        fc.constantFrom(1, 3, 31, 33),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(...paddings),
        fc.nat(),
        (v, h, channels, multiplier, padding, seed) => {
          fc.pre(fits(padding, v, h));
          const shape = common(v, h, channels, padding);
          const outChannels = channels * multiplier;
          const pixels = v.size * h.size;
          const image = levels(2 * pixels * channels, seed);
          const kernel = levels(v.kernel * h.kernel * outChannels, seed + 1);
          const got = xnorDepthwiseConv2d(
            packRows(image, 2 * pixels, channels),
            packRows(kernel, v.kernel * h.kernel, outChannels),
            {
              ...shape,
              multiplier,
            },
          );
          const expected = [0, 1].flatMap((n) =>
            floatConv(
              image.slice(n * pixels * channels, (n + 1) * pixels * channels),
              [v.size, h.size, channels],
              (o, i, j, c) =>
                Math.floor(o / multiplier) === c ? kernel[(i * h.kernel + j) * outChannels + o]! : 0,
              shape.kernel,
              outChannels,
              shape.strides,
              shape.dilations,
              padding,
            ),
          );
          expect([...got.data]).toEqual(expected.map((x) => x + 0));
        },
      ),
      { numRuns: 80, seed: 11 },
    );
  });
  it('zero padding differs from one padding at the border only', () => {
    const shape = { batch: 1, height: 3, width: 3, channels: 1, kernel: [3, 3] as const, outChannels: 1 };
    const ones = packRows(new Array<number>(9).fill(1), 9, 1);
    expect([...xnorConv2d(ones, ones, { ...shape, padding: 'same-zero' }).data]).toEqual([
      4, 6, 4, 6, 9, 6, 4, 6, 4,
    ]);
    expect([...xnorConv2d(ones, ones, { ...shape, padding: 'same-one' }).data]).toEqual(new Array(9).fill(9));
    expect([...xnorConv2d(ones, ones, { ...shape, padding: 'valid' }).data]).toEqual([9]);
  });
  it('refuses what does not fit', () => {
    const shape = {
      batch: 1,
      height: 3,
      width: 3,
      channels: 4,
      kernel: [3, 3] as const,
      outChannels: 4,
      padding: 'valid' as const,
    };
    const [image, kernel] = [new Uint32Array(9), new Uint32Array(36)];
    expect(code(() => xnorConv2d(image, kernel, { ...shape, groups: 3 }))).toBe('invalid-option');
    expect(code(() => xnorConv2d(image, kernel, { ...shape, outChannels: 3, groups: 2 }))).toBe(
      'invalid-option',
    );
    expect(code(() => xnorConv2d(image, kernel, { ...shape, height: 2 }))).toBe('shape-mismatch');
    expect(code(() => xnorConv2d(new Uint32Array(6), kernel, { ...shape, height: 2 }))).toBe(
      'shape-mismatch',
    );
    expect(code(() => xnorConv2d(image, new Uint32Array(35), shape))).toBe('shape-mismatch');
    expect(code(() => xnorConv2d(image, kernel, { ...shape, strides: [0, 1] }))).toBe('invalid-option');
    expect(code(() => xnorConv2d(image, kernel, { ...shape, padding: 'same' as BinaryPadding }))).toBe(
      'invalid-option',
    );
    expect(code(() => xnorDepthwiseConv2d(image, new Uint32Array(9), { ...shape, multiplier: 0.5 }))).toBe(
      'invalid-option',
    );
    expect(code(() => xnorDepthwiseConv2d(image, new Uint32Array(8), shape))).toBe('shape-mismatch');
  });
});

describe('axisWindow', () => {
  it('knows the cases of TensorFlow', () => {
    expect(axisWindow(5, 3, 1, 1, 'same-zero')).toEqual({ size: 5, before: 1, after: 1 });
    expect(axisWindow(6, 3, 2, 1, 'same-one')).toEqual({ size: 3, before: 0, after: 1 });
    expect(axisWindow(4, 1, 3, 1, 'same-zero')).toEqual({ size: 2, before: 0, after: 0 });
    expect(axisWindow(7, 3, 2, 2, 'valid')).toEqual({ size: 2, before: 0, after: 0 });
    expect(code(() => axisWindow(2, 3, 1, 1, 'valid'))).toBe('shape-mismatch');
  });
});

describe('overflow bounds', () => {
  it.each(['int8', 'int16', 'int32', 'float16', 'float32'] as AccumulatorFormat[])(
    '%s holds bound - 1 and bound, not bound + 1',
    (format) => {
      const most = maxExactTerms(format);
      expect(most).toBe(largestExactInteger[format]);
      for (const terms of [most - 1, most]) checkAccumulator('test', terms, format);
      expect(code(() => checkAccumulator('test', most + 1, format))).toBe('overflow');
      expect(code(() => checkAccumulator('test', NaN, format))).toBe('overflow');
    },
  );
  it('are tight for the formats that JavaScript has', () => {
    const [i8, i16, i32] = [new Int8Array(1), new Int16Array(1), new Int32Array(1)];
    for (const [array, format] of [
      [i8, 'int8'],
      [i16, 'int16'],
      [i32, 'int32'],
    ] as const) {
      for (const v of [largestExactInteger[format], -largestExactInteger[format]]) {
        array[0] = v;
        expect(array[0]).toBe(v);
      }
      array[0] = largestExactInteger[format] + 1;
      expect(array[0]).not.toBe(largestExactInteger[format] + 1);
    }
    expect(Math.fround(largestExactInteger.float32)).toBe(largestExactInteger.float32);
    expect(Math.fround(largestExactInteger.float32 + 1)).not.toBe(largestExactInteger.float32 + 1);
  });
  it('scale with the magnitudes of inputs and weights', () => {
    expect(accumulatorBound(9, 255, 128)).toBe(9 * 255 * 128);
    expect(maxExactTerms('int32', 255, 128)).toBe(Math.floor((2 ** 31 - 1) / (255 * 128)));
    expect(maxExactTerms('int8', 255)).toBe(0);
    expect(() => checkAccumulator('layer x', 3000, 'float16')).toThrow(/layer x in float16.*3000.*2048/);
  });
});
