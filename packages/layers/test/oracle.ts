// Convolutions as lists of taps in plain JS: forward and gradients of any linear layer follow from the same loop.
import { createRng, type Padding2d } from '@bitgrad/core';

export interface ConvShape {
  n: number;
  h: number;
  w: number;
  c: number;
  /** Output channels, or the depth multiplier of a depthwise convolution. */
  o: number;
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  padding: Padding2d;
  padValues: 0 | 1;
  groups: number;
}

/** A product: y[output] += x[input] * w[weight]; input -1 is a padded tap. */
export type Tap = (output: number, input: number, weight: number) => void;

const extent = (kernel: number, dilation: number) => (kernel - 1) * dilation + 1;

/** Output size and padding before: TensorFlow's rule, or numbers before and after. */
const outputOf = (
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: 'valid' | 'same' | readonly [number, number],
) => {
  const e = extent(kernel, dilation);
  if (typeof padding !== 'string')
    return { size: Math.floor((size + padding[0] + padding[1] - e) / stride) + 1, before: padding[0] };
  if (padding === 'valid') return { size: Math.floor((size - e) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  return { size: out, before: Math.floor(Math.max(0, (out - 1) * stride + e - size) / 2) };
};

const alongAxis = (s: ConvShape, axis: 0 | 1) =>
  outputOf(
    axis ? s.w : s.h,
    s.kernel[axis],
    s.strides[axis],
    s.dilations[axis],
    typeof s.padding === 'string' ? s.padding : s.padding[axis],
  );

export const outputSize = (s: ConvShape): [number, number] => [alongAxis(s, 0).size, alongAxis(s, 1).size];

function positions(
  s: ConvShape,
  visit: (n: number, y: number, x: number, i: number, j: number, iy: number, ix: number) => void,
) {
  const [rows, columns] = [alongAxis(s, 0), alongAxis(s, 1)];
  for (let n = 0; n < s.n; n++)
    for (let y = 0; y < rows.size; y++)
      for (let x = 0; x < columns.size; x++)
        for (let i = 0; i < s.kernel[0]; i++)
          for (let j = 0; j < s.kernel[1]; j++)
            visit(
              n,
              y,
              x,
              i,
              j,
              y * s.strides[0] + i * s.dilations[0] - rows.before,
              x * s.strides[1] + j * s.dilations[1] - columns.before,
            );
}

const pixel = (s: ConvShape, n: number, y: number, x: number) =>
  y < 0 || x < 0 || y >= s.h || x >= s.w ? -1 : ((n * s.h + y) * s.w + x) * s.c;

/** x [n, h, w, c], w [kh, kw, c / groups, o], y [n, h', w', o]. */
export function convTaps(s: ConvShape, tap: Tap): void {
  const [, width] = outputSize(s);
  const [height] = outputSize(s);
  const [inner, outer] = [s.c / s.groups, s.o / s.groups];
  positions(s, (n, y, x, i, j, iy, ix) => {
    const at = pixel(s, n, iy, ix);
    for (let o = 0; o < s.o; o++)
      for (let c = 0; c < inner; c++)
        tap(
          ((n * height + y) * width + x) * s.o + o,
          at < 0 ? -1 : at + Math.floor(o / outer) * inner + c,
          ((i * s.kernel[1] + j) * inner + c) * s.o + o,
        );
  });
}

/** x [n, h, w, c], w [kh, kw, c, m], y [n, h', w', c * m]; `o` is m. */
export function depthwiseTaps(s: ConvShape, tap: Tap): void {
  const [height, width] = outputSize(s);
  positions(s, (n, y, x, i, j, iy, ix) => {
    const at = pixel(s, n, iy, ix);
    for (let c = 0; c < s.c; c++)
      for (let m = 0; m < s.o; m++)
        tap(
          ((n * height + y) * width + x) * s.c * s.o + c * s.o + m,
          at < 0 ? -1 : at + c,
          ((i * s.kernel[1] + j) * s.c + c) * s.o + m,
        );
  });
}

/** The size that a transposed convolution gives. */
export const transposedSize = (s: ConvShape): [number, number] => {
  const one = (size: number, axis: 0 | 1) =>
    size * s.strides[axis] + (s.padding === 'same' ? 0 : Math.max(s.kernel[axis] - s.strides[axis], 0));
  return [one(s.h, 0), one(s.w, 1)];
};

/** x [n, h, w, c], w [kh, kw, o, c], y [n, h', w', o]: the taps of the convolution from y to x, turned round. */
export function transposeTaps(s: ConvShape, tap: Tap): void {
  const [height, width] = transposedSize(s);
  const forward: ConvShape = { ...s, h: height, w: width, c: s.o, o: s.c };
  convTaps(forward, (output, input, weight) => {
    if (input < 0) return;
    // The forward convolution's kernel is [kh, kw, o, c] as well.
    tap(input, output, weight);
  });
}

/** y, and the gradients of sum(y * dy), for quantized values x and w. */
export function evaluate(
  taps: (tap: Tap) => void,
  x: readonly number[],
  w: readonly number[],
  size: number,
  padValue: number | ((output: number) => number),
  dy: (output: number) => number,
) {
  const y = Array<number>(size).fill(0);
  const dx = Array<number>(x.length).fill(0);
  const dw = Array<number>(w.length).fill(0);
  const pad = typeof padValue === 'number' ? () => padValue : padValue;
  taps((output, input, weight) => {
    const value = input < 0 ? pad(output) : x[input]!;
    y[output]! += value * w[weight]!;
    dw[weight]! += value * dy(output);
    if (input >= 0) dx[input]! += w[weight]! * dy(output);
  });
  return { y, dx, dw };
}

/** Seeded values with the boundaries of the sign and of the clip among them. */
export function samples(seed: number, length: number): number[] {
  const rng = createRng(seed);
  const special = [0, -0, 1, -1, 1.25, -1.25];
  return Array.from({ length }, () => {
    const value = rng.integer(4) === 0 ? special[rng.integer(special.length)]! : rng.normal();
    return Math.fround(value);
  });
}

/** Integer gradients, different at each output. */
export const gradientAt = (output: number): number => ((output * 7) % 11) - 5;

/** What a test quantizer makes of values, and the factor between the gradients of x and of its quantized value. */
export function quantizeOracle(name: string | null, x: readonly number[], group: (index: number) => number) {
  if (name === null) return { value: [...x], factor: x.map(() => 1), scale: [1] };
  const sign = x.map((v) => (v < 0 ? -1 : 1));
  if (name === 'test-ste')
    return { value: sign, factor: x.map((v) => (Math.abs(v) <= 1 ? 1 : 0)), scale: [1] };
  const sums = new Map<number, [sum: number, count: number]>();
  x.forEach((v, i) => {
    const [sum, count] = sums.get(group(i)) ?? [0, 0];
    sums.set(group(i), [sum + Math.abs(v), count + 1]);
  });
  const scaleOf = (g: number) => sums.get(g)![0] / sums.get(g)![1];
  return {
    value: sign.map((v, i) => v * scaleOf(group(i))),
    factor: x.map((_, i) => scaleOf(group(i))),
    scale: [...sums.keys()].sort((a, b) => a - b).map(scaleOf),
  };
}
