// Forward products of the signs of tensors, by packed XNOR; see assembly/training/binary.ts.
import { binaryKernels, binaryOutputSize, type BinaryConvolution } from '@bitgrad/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelContext, KernelFamily } from './family.js';
import type { Job } from '../job.js';

function packedConvolution(
  job: Job,
  geometry: BinaryConvolution,
  { x, filter, out }: { readonly x: number; readonly filter: number; readonly out: number },
): void {
  const { image, filter: kernel, strides, pads, dilations, padValue } = geometry;
  const [n, h, w, c] = image;
  const [kh, kw, , o] = kernel;
  const [top, bottom, left, right] = pads;
  const [sh, sw] = strides;
  const [dh, dw] = dilations;
  const [rows, columns] = [top + h + bottom, left + w + right];
  const [oh, ow] = binaryOutputSize(geometry);
  const taps = kh * kw;
  const pixel = job.ask('packedPixel', { c });
  const words = job.ask('packedWords', { taps, c });
  const wide = Math.ceil(o / 8) * 8;
  const part = job.ask('binaryConvScratch', { words });
  const [packed, panels, tapSums, scratch] = job.scratch(
    n * rows * columns * pixel,
    job.ask('packedPanelBytes', { words, o }),
    taps * wide * 4,
    part * job.threads,
  );
  const images = { over: 'n', count: n, grain: 1 } as const;
  job.split('packSigns', images, { x, out: packed, h, w, c, top, bottom, left, right });
  const channels = { over: 'o', count: o, grain: 8 } as const;
  job.split('packFilterSigns', channels, { w: filter, out: panels, tapSums, taps, c, o });
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
      ...(padValue === 1 ? { h: rows, w: columns, top: 0, left: 0 } : { h, w, top, left }),
    },
  );
}

/** The convolution of the signs of two tensors. */
export function convolveSigns(
  { heap, run }: KernelContext,
  kernel: string,
  _backend: unknown,
  x: TensorInfo,
  filter: TensorInfo,
  geometry: BinaryConvolution,
): TensorInfo {
  const [n] = geometry.image;
  const [kh, kw, c, o] = geometry.filter;
  const [oh, ow] = binaryOutputSize(geometry);
  const out = heap.output([n, oh, ow, o]);
  const operands = heap.at({ x, filter, out });
  run(kernel, n * oh * ow * kh * kw * c * o, (job) => packedConvolution(job, geometry, operands));
  return out;
}

/** BitgradBinaryConv2D and BitgradBinaryMatMul: bit for bit what the float products give. */
export const binary: KernelFamily = (context) =>
  binaryKernels((kernel, ...rest) => convolveSigns(context, kernel, ...rest));
