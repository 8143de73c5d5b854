// The kernels of products of +-1 tensors, for backends that have a packed convolution: one makes both.
import { windowPositions } from '@bitgrad/bits';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../install-kernels.js';

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
export function binaryOutputSize(g: BinaryConvolution): [height: number, width: number] {
  const size = (axis: 0 | 1): number => {
    const padded = g.image[1 + axis]! + g.pads[2 * axis]! + g.pads[2 * axis + 1]!;
    return windowPositions(padded, g.filter[axis], g.strides[axis], g.dilations[axis]);
  };
  return [size(0), size(1)];
}

/**
 * Runs a convolution of `x` and `filter`, which hold exactly +-1, on a tfjs backend.
 * @param kernel the name of the kernel that it is for
 */
export type BinaryConvolve = (
  kernel: 'BitgradBinaryConv2D' | 'BitgradBinaryMatMul',
  backend: unknown,
  x: TensorInfo,
  filter: TensorInfo,
  geometry: BinaryConvolution,
) => TensorInfo;

/** BitgradBinaryConv2D and BitgradBinaryMatMul from one convolution: a matrix is an image of one line. */
export const binaryKernels = (convolve: BinaryConvolve) =>
  ({
    BitgradBinaryConv2D({ inputs, attrs, backend }) {
      const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
      const { strides, pads, dilations, padValue } = attrs as unknown as BinaryConvolution;
      const [image, kernel] = [x.shape, filter.shape] as unknown as [
        BinaryConvolution['image'],
        BinaryConvolution['filter'],
      ];
      const geometry = { image, filter: kernel, strides, pads, dilations, padValue };
      return convolve('BitgradBinaryConv2D', backend, x, filter, geometry);
    },
    BitgradBinaryMatMul({ inputs, backend }) {
      const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
      const [m, k] = a.shape as [number, number];
      const n = b.shape[1]!;
      const out = convolve(
        'BitgradBinaryMatMul',
        backend,
        { ...a, shape: [1, 1, m, k] },
        { ...b, shape: [1, 1, k, n] },
        {
          image: [1, 1, m, k],
          filter: [1, 1, k, n],
          strides: [1, 1],
          pads: [0, 0, 0, 0],
          dilations: [1, 1],
          padValue: 0,
        },
      );
      return { ...out, shape: [m, n] };
    },
  }) satisfies Readonly<Record<string, Kernel>>;
