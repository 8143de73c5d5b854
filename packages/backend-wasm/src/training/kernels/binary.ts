// Forward products of tensors that are exactly +-1, by packed XNOR; see assembly/training/binary.ts.
import { windowPositions } from '@bitgrad/bits';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import type { Job } from '../job.js';

interface BinaryConvAttributes {
  strides: readonly [number, number];
  pads: readonly [number, number, number, number];
  dilations: readonly [number, number];
  padValue: 0 | 1;
}

/** Geometry of a packed convolution; a matrix product is one of 1 x 1. */
interface Geometry {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number, c: number, o: number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [top: number, bottom: number, left: number, right: number];
  readonly dilations: readonly [number, number];
}

/** How many times as fast packed multiply-accumulates are, for deciding on threads. */
const PACKED = 5;

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function packedConvolution(
  job: Job,
  { image: [n, h, w, c], filter: [kh, kw, , o], strides, pads, dilations }: Geometry,
  { x, filter, out }: { readonly x: number; readonly filter: number; readonly out: number },
  onePadding = false,
): void {
  const [top, bottom, left, right] = pads;
  const [sh, sw] = strides;
  const [dh, dw] = dilations;
  const [rows, columns] = [top + h + bottom, left + w + right];
  const [oh, ow] = [windowPositions(rows, kh, sh, dh), windowPositions(columns, kw, sw, dw)];
  const taps = kh * kw;
  const pixel = job.call('packedPixel', { c });
  const words = job.call('packedWords', { taps, c });
  const wide = Math.ceil(o / 8) * 8;
  const part = job.call('binaryConvScratch', { words });
  const [packed, panels, tapSums, scratch] = job.scratch(
    n * rows * columns * pixel,
    words * wide * 4,
    taps * wide * 4,
    part * job.threads,
  );
  const images = { over: 'n', count: n, grain: 1 } as const;
  job.split('packSigns', images, { x, out: packed, h, w, c, top, bottom, left, right });
  job.call('packFilterSigns', { w: filter, out: panels, tapSums, taps, c, o });
  const row = columns * pixel;
  const runs = dw === 1 ? { runsW: 1, runBytes: kw * pixel } : { runsW: kw, runBytes: pixel };
  job.split(
    'binaryConv',
    { over: 'p', count: n * oh * ow, grain: 32, own: { scratch: part } },
    {
      ...{ x: packed, panels, tapSums, out, scratch, oh, ow, o, c, kh, kw, sh, sw, dh, dw },
      ...{ xN: rows * row, xH: sh * row, xW: sw * pixel },
      ...{ ...runs, runsH: kh, runH: dh * row, runW: dw * pixel },
      // A border of ones is what the packed border stands for: to the kernel it is part of the image.
      ...(onePadding ? { h: rows, w: columns, top: 0, left: 0 } : { h, w, top, left }),
    },
  );
}

/** BitgradBinaryConv2D and BitgradBinaryMatMul: bit for bit what the float products give. */
export const binary: KernelFamily = (context) => ({
  BitgradBinaryConv2D({ inputs, attrs }): TensorInfo | null {
    const { strides, pads, dilations, padValue } = attrs as unknown as BinaryConvAttributes;
    const { x, filter } = inputs;
    const image = x!.shape as [number, number, number, number];
    const kernel = filter!.shape as [number, number, number, number];
    const [oh, ow] = [
      windowPositions(image[1] + pads[0] + pads[1], kernel[0], strides[0], dilations[0]),
      windowPositions(image[2] + pads[2] + pads[3], kernel[1], strides[1], dilations[1]),
    ];
    const out = context.heap.output([image[0], oh, ow, kernel[3]]);
    const job = context.job('BitgradBinaryConv2D', (image[0] * oh * ow * size(kernel)) / PACKED);
    const addresses = { x: job.read(x!), filter: job.read(filter!), out: job.write(out) };
    const geometry = { image, filter: kernel, strides, pads, dilations };
    packedConvolution(job, geometry, addresses, padValue === 1);
    job.done();
    return out;
  },
  BitgradBinaryMatMul({ inputs }): TensorInfo {
    const { a, b } = inputs;
    const [m, k] = a!.shape as [number, number];
    const [, n] = b!.shape as [number, number];
    const out = context.heap.output([m, n]);
    const geometry: Geometry = {
      image: [1, 1, m, k],
      filter: [1, 1, k, n],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
    };
    const job = context.job('BitgradBinaryMatMul', (m * k * n) / PACKED);
    packedConvolution(job, geometry, { x: job.read(a!), filter: job.read(b!), out: job.write(out) });
    job.done();
    return out;
  },
});
