// The products of +-1 tensors that the training adapters run packed: what webgl and webgpu share of them.
import { windowPositions } from '@bitgrad/bits';

/** A tensor as tfjs's kernels see it. */
export interface TensorRef {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
}

/** A convolution of signs: NHWC image, HWIO filter. */
export interface BinaryConvolution {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number, c: number, o: number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [top: number, bottom: number, left: number, right: number];
  readonly dilations: readonly [number, number];
  /** What is outside the image: nothing, or +1. */
  readonly padValue: 0 | 1;
}

/** [height, width] of a convolution's output. */
export function outputSize(g: BinaryConvolution): [number, number] {
  const size = (axis: 0 | 1): number => {
    const padded = g.image[1 + axis]! + g.pads[2 * axis]! + g.pads[2 * axis + 1]!;
    return windowPositions(padded, g.filter[axis], g.strides[axis], g.dilations[axis]);
  };
  return [size(0), size(1)];
}

/** Runs a convolution of `x` [n, h, w, c] and `filter` [kh, kw, c, o] on a tfjs backend. */
export type Convolve<T extends TensorRef> = (
  backend: unknown,
  x: T,
  filter: T,
  geometry: BinaryConvolution,
) => T;

/** What tfjs calls the two kernels with. */
export interface BinaryArguments<T> {
  readonly inputs: Readonly<Record<string, T>>;
  readonly attrs: unknown;
  readonly backend: unknown;
}

/** BitgradBinaryConv2D and BitgradBinaryMatMul from one convolution: a matrix is an image of one line. */
export const binaryKernels = <T extends TensorRef>(convolve: Convolve<T>) => ({
  BitgradBinaryConv2D({ inputs, attrs, backend }: BinaryArguments<T>): T {
    const { x, filter } = inputs as { x: T; filter: T };
    const { strides, pads, dilations, padValue } = attrs as BinaryConvolution;
    return convolve(backend, x, filter, {
      image: x.shape as unknown as BinaryConvolution['image'],
      filter: filter.shape as unknown as BinaryConvolution['filter'],
      strides,
      pads,
      dilations,
      padValue,
    });
  },
  BitgradBinaryMatMul({ inputs, backend }: BinaryArguments<T>): T {
    const { a, b } = inputs as { a: T; b: T };
    const [m, k] = a.shape as [number, number];
    const [image, filter] = [
      [1, 1, m, k],
      [1, 1, k, b.shape[1]!],
    ] as [[number, number, number, number], [number, number, number, number]];
    const out = convolve(
      backend,
      { ...a, shape: image },
      { ...b, shape: filter },
      { image, filter, strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], padValue: 0 },
    );
    return { ...out, shape: [m, filter[3]] };
  },
});
