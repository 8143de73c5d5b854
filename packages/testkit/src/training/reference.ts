// Slow float64 loops: what convolutions, pools and products must give. Written from the definitions, not from tfjs.
import { axisWindow, windowPositions } from '@bitgrad/bits';
import type { Values } from './session.js';

/** Padding of a window: the least that 'same' asks for, none, or the given one on every side. */
export type Pad = 'same' | 'valid' | number;

/** Where a window slides. */
export interface Windows {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly window: readonly [h: number, w: number];
  readonly strides: readonly [number, number];
  readonly pad: Pad;
}

/** Output size and leading padding along one axis. */
const axisOf = (size: number, window: number, stride: number, pad: Pad): { size: number; before: number } =>
  typeof pad === 'number'
    ? { size: windowPositions(size + 2 * pad, window, stride, 1), before: pad }
    : axisWindow(size, window, stride, 1, pad);

/** Shape of the output, without channels. */
export const outputOf = ({ image, window, strides, pad }: Windows): [n: number, h: number, w: number] => [
  image[0],
  axisOf(image[1], window[0], strides[0], pad).size,
  axisOf(image[2], window[1], strides[1], pad).size,
];

/** Visits every pixel under every window: output pixel, window pixel, input pixel, all without channels. */
export function slide(geometry: Windows, visit: (y: number, k: number, x: number) => void): void {
  const { image, window, strides, pad } = geometry;
  const [n, h, w] = image;
  const [rows, columns] = [0, 1].map((i) => axisOf(image[i + 1]!, window[i]!, strides[i]!, pad));
  for (let b = 0, y = 0; b < n; b++)
    for (let oy = 0; oy < rows!.size; oy++)
      for (let ox = 0; ox < columns!.size; ox++, y++)
        for (let k = 0; k < window[0] * window[1]; k++) {
          const iy = oy * strides[0] - rows!.before + Math.floor(k / window[1]);
          const ix = ox * strides[1] - columns!.before + (k % window[1]);
          if (iy >= 0 && iy < h && ix >= 0 && ix < w) visit(y, k, (b * h + iy) * w + ix);
        }
}

/** A bilinear op as its list of terms y[i] += x[j] w[k]. */
export type Terms = (visit: (y: number, x: number, w: number) => void) => void;

/** Convolution, filter [kh, kw, c, o]. */
export const convolutionTerms =
  (geometry: Windows, out: number): Terms =>
  (visit) => {
    const c = geometry.image[3];
    slide(geometry, (y, k, x) => {
      for (let i = 0; i < c; i++)
        for (let o = 0; o < out; o++) visit(y * out + o, x * c + i, (k * c + i) * out + o);
    });
  };

/** Depthwise convolution, filter [kh, kw, c, m], output channel i m + j. */
export const depthwiseTerms =
  (geometry: Windows, multiplier: number): Terms =>
  (visit) => {
    const c = geometry.image[3];
    slide(geometry, (y, k, x) => {
      for (let i = 0; i < c; i++)
        for (let j = 0; j < multiplier; j++)
          visit((y * c + i) * multiplier + j, x * c + i, (k * c + i) * multiplier + j);
    });
  };

/** Matrix product [m, k] x [k, n], each possibly stored transposed, for each of `batch` pairs. */
export const productTerms =
  (m: number, k: number, n: number, transposeA: boolean, transposeB: boolean, batch = 1): Terms =>
  (visit) => {
    for (let b = 0; b < batch; b++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let t = 0; t < k; t++)
            visit(
              (b * m + i) * n + j,
              b * m * k + (transposeA ? t * m + i : i * k + t),
              b * k * n + (transposeB ? j * k + t : t * n + j),
            );
  };

/** The value of a bilinear op. */
export function bilinearValue(terms: Terms, x: Values, w: Values, size: number): Float64Array {
  const y = new Float64Array(size);
  terms((i, j, k) => (y[i]! += x.values[j]! * w.values[k]!));
  return y;
}

/** Its gradients by x and w. */
export function bilinearGradients(
  terms: Terms,
  x: Values,
  w: Values,
  dy: Float64Array,
): [Float64Array, Float64Array] {
  const [dx, dw] = [new Float64Array(x.values.length), new Float64Array(w.values.length)];
  terms((i, j, k) => {
    dx[j]! += dy[i]! * w.values[k]!;
    dw[k]! += dy[i]! * x.values[j]!;
  });
  return [dx, dw];
}

/** Which input each output of a max pool takes: the first of the largest, in row-major order. */
export function maxPoolSources(geometry: Windows, x: Float32Array): number[] {
  const c = geometry.image[3];
  const sources: number[] = [];
  slide(geometry, (y, _k, pixel) => {
    for (let i = 0; i < c; i++) {
      const [at, from] = [y * c + i, pixel * c + i];
      if (sources[at] === undefined || x[from]! > x[sources[at]!]!) sources[at] = from;
    }
  });
  return sources;
}

/** How many inputs each output pixel of an average pool covers: padding does not count. */
export function poolCounts(geometry: Windows): number[] {
  const counts: number[] = [];
  slide(geometry, (y) => (counts[y] = (counts[y] ?? 0) + 1));
  return counts;
}
