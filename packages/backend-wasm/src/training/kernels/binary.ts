// Forward products of tensors that are exactly +-1, by packed XNOR; see assembly/training/binary.ts.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import type { Job } from '../job.js';
import type { WasmFunctions } from '../module.js';

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

/** Size of the output along one axis. */
const outputSize = (size: number, filter: number, stride: number, dilation: number): number =>
  Math.floor((size - (filter - 1) * dilation - 1) / stride) + 1;

function packedConvolution(
  wasm: WasmFunctions,
  job: Job,
  { image: [n, h, w, c], filter: [kh, kw, , o], strides, pads, dilations }: Geometry,
  [x, filter, out]: readonly number[],
  onePadding = false,
): void {
  const [top, bottom, left, right] = pads;
  const [sh, sw] = strides;
  const [dh, dw] = dilations;
  const [rows, columns] = [top + h + bottom, left + w + right];
  const [oh, ow] = [outputSize(rows, kh, sh, dh), outputSize(columns, kw, sw, dw)];
  const pixel = wasm['packedPixel']!(c);
  const words = wasm['packedWords']!(kh * kw, c);
  const wide = Math.ceil(o / 8) * 8;
  const part = wasm['binaryConvScratch']!(words);
  const [packed, panels, tapSums, scratch] = job.scratch(
    n * rows * columns * pixel,
    words * wide * 4,
    kh * kw * wide * 4,
    part * job.threads,
  );
  job.split('packSigns', n, 1, (n0, n1) => [x!, packed!, n0, n1, h, w, c, top, bottom, left, right]);
  job.call('packFilterSigns', filter!, panels!, tapSums!, kh * kw, c, o);
  const row = columns * pixel;
  const [runs, run] = dw === 1 ? [1, kw * pixel] : [kw, pixel];
  job.split('binaryConv', n * oh * ow, 32, (from, to, thread) => [
    ...[packed!, panels!, tapSums!, out!, scratch! + thread * part, from, to, oh, ow, o, c],
    ...[rows * row, sh * row, sw * pixel, kh, runs!, dh * row, dw * pixel, run!],
    // A border of ones is what the packed border stands for: to the kernel it is part of the image.
    ...(onePadding ? [rows, columns, 0, 0] : [h, w, top, left]),
    ...[kh, kw, sh, sw, dh, dw],
  ]);
}

/** BitgradBinaryConv2D and BitgradBinaryMatMul: bit for bit what the float products give. */
export const binary: KernelFamily = (context) => ({
  BitgradBinaryConv2D({ inputs, attrs }): TensorInfo | null {
    const { strides, pads, dilations, padValue } = attrs as unknown as BinaryConvAttributes;
    const { x, filter } = inputs;
    const image = x!.shape as [number, number, number, number];
    const kernel = filter!.shape as [number, number, number, number];
    const [oh, ow] = [
      outputSize(image[1] + pads[0] + pads[1], kernel[0], strides[0], dilations[0]),
      outputSize(image[2] + pads[2] + pads[3], kernel[1], strides[1], dilations[1]),
    ];
    const out = context.heap.output([image[0], oh, ow, kernel[3]]);
    const job = context.job('BitgradBinaryConv2D', (image[0] * oh * ow * size(kernel)) / PACKED);
    const addresses = [job.read(x!), job.read(filter!), job.write(out)];
    const geometry = { image, filter: kernel, strides, pads, dilations };
    packedConvolution(context.wasm, job, geometry, addresses, padValue === 1);
    job.done();
    return out;
  },
  BitgradBinaryMatMul({ inputs }): TensorInfo {
    const { a, b } = inputs;
    const [m, k] = a!.shape as [number, number];
    const [, n] = b!.shape as [number, number];
    const out = context.heap.output([m, n]);
    const geometry: Geometry = {
      ...{
        image: [1, 1, m, k],
        filter: [1, 1, k, n],
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
      },
    };
    const job = context.job('BitgradBinaryMatMul', (m * k * n) / PACKED);
    packedConvolution(context.wasm, job, geometry, [job.read(a!), job.read(b!), job.write(out)]);
    job.done();
    return out;
  },
});
