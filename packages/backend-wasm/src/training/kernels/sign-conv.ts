// BitgradSignConv2D and its gradient: the convolution of the signs of latent tensors. The forward pass packs the signs from the
// latent numbers; in the backward pass each gradient goes through its surrogate as soon as it is there, some images at a time.
import { E, linearize, type ElementwiseProgram } from '@bitgrad/bits';
import { binaryKernels } from '@bitgrad/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Job } from '../job.js';
import { convolveSigns } from './binary.js';
import { convolutionInfo } from './convolution.js';
import { bordersOf, filterGradient, inputGradient, work, type Info } from './convolution-products.js';
import { evaluate } from './elementwise.js';
import type { KernelContext, KernelFamily } from './family.js';
import { FULL, loadProgram, programBytes } from './program.js';
import { prepareSignedRows, trySignedOuter, type SignedRows } from './signed.js';

/** Bytes of a gradient that go through the surrogate at once, for each thread: they stay in the second-level cache. */
const CHUNK = 1 << 18;
/** Positions of images that are looked up at once at least: tables are made for 128 at a time, and the last of them is not full. */
const POSITIONS = 2048;

interface Attributes {
  readonly strides: [number, number];
  readonly pad: 'valid' | 'same';
  readonly programs: readonly [x: ElementwiseProgram, filter: ElementwiseProgram];
}

const signProgram = linearize(E.sign(E.input('x')), ['x']);

/** A gradient of signs through the surrogate of the latent tensor x; what a program does not use is not read. */
const throughSurrogate = (
  context: KernelContext,
  program: ElementwiseProgram,
  { x, dy }: { readonly x: TensorInfo; readonly dy: TensorInfo },
): TensorInfo => {
  const tensors = program.inputs.map((name) => (name === 'x' ? x : dy));
  const kinds = tensors.map(() => FULL);
  return evaluate(context, 'BitgradElementwise', program, { tensors, kinds, shape: [...x.shape] });
};

/** The gradient of x where the filter's signs can be looked up: the images of a chunk, then their surrogate. */
function inputByTables(
  job: Job,
  info: Info,
  program: ElementwiseProgram,
  at: { readonly x: number; readonly filter: number; readonly dy: number; readonly dx: number },
): boolean {
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c } = info;
  const { outHeight: oh, outWidth: ow, outChannels: o } = info;
  if (info.strideHeight !== 1 || info.strideWidth !== 1) return false;
  const image = h * w * c * 4;
  const least = Math.ceil((POSITIONS * job.threads) / (h * w));
  const most = Math.max(least, Math.floor((CHUNK * job.threads) / image));
  // Lanes are 16 at most, among which images are dealt out evenly.
  const chunk = Math.min(n, most < 16 ? 1 << Math.log2(most) : most - (most % 16));
  const geometry: SignedRows = {
    image: [n, h, w, c],
    filter: [info.filterHeight, info.filterWidth],
    output: [oh, ow, o],
    padding: [info.padInfo.top, info.padInfo.left],
    latent: true,
  };
  const bytes = programBytes(job, program, Math.ceil(n / chunk));
  const rows = prepareSignedRows(job, geometry, at.filter, [chunk * image, ...bytes]);
  if (!rows) return false;
  const [raw, ...places] = rows.more as [number, number, number, number, number];
  const through = loadProgram(job, program, bytes, places);
  for (let first = 0; first < n; first += chunk) {
    const count = Math.min(chunk, n - first);
    rows.run(count, at.dy + first * oh * ow * o * 4, raw);
    const inputs = program.inputs.map((name) => (name === 'x' ? at.x + first * image : raw));
    const numbers = (count * image) / 4;
    through({ inputs, kinds: inputs.map(() => FULL), out: at.dx + first * image, count: numbers, c });
  }
  return true;
}

/** The signs of a tensor as numbers, for products that the tables do not take. */
const signsOf = (context: KernelContext, x: TensorInfo): TensorInfo =>
  evaluate(context, 'BitgradElementwise', signProgram, { tensors: [x], kinds: [FULL], shape: [...x.shape] });

/** The gradient of x. */
function inputSide(
  context: KernelContext,
  info: Info,
  { x, filter, dy }: Readonly<Record<'x' | 'filter' | 'dy', TensorInfo>>,
  program: ElementwiseProgram,
): TensorInfo {
  const { heap, run } = context;
  const dx = heap.output(x.shape);
  const at = heap.at({ x, filter, dy, dx });
  const kernel = 'BitgradSignConv2DGrad/input';
  if (run(kernel, work(info), (job) => inputByTables(job, info, program, at))) return dx;
  const signs = signsOf(context, filter);
  const operands = { dy: at.dy, filter: heap.address(signs), out: at.dx };
  run('Conv2DBackpropInput', work(info), (job) => inputGradient(context, job, info, operands));
  const result = throughSurrogate(context, program, { x, dy: dx });
  heap.release(signs, dx);
  return result;
}

/** The gradient of the filter. */
function filterSide(
  context: KernelContext,
  info: Info,
  { x, filter, dy }: Readonly<Record<'x' | 'filter' | 'dy', TensorInfo>>,
  program: ElementwiseProgram,
): TensorInfo {
  const { heap, run } = context;
  const sums = heap.output(filter.shape);
  const at = heap.at({ x, dy, out: sums });
  const geometry = {
    image: [info.batchSize, info.inHeight, info.inWidth, info.inChannels],
    filter: [info.filterHeight, info.filterWidth],
    output: [info.outHeight, info.outWidth, info.outChannels],
    strides: [info.strideHeight, info.strideWidth],
    ...{ borders: bordersOf(info), latent: true },
  } as const;
  const looked = run('BitgradSignConv2DGrad/filter', work(info), (job) => trySignedOuter(job, geometry, at));
  if (!looked) {
    const signs = signsOf(context, x);
    const operands = { ...at, x: heap.address(signs) };
    run('Conv2DBackpropFilter', work(info), (job) => filterGradient(context, job, info, operands));
    heap.release(signs);
  }
  const result = throughSurrogate(context, program, { x: filter, dy: sums });
  heap.release(sums);
  return result;
}

/** The convolution of signs of latent tensors, and its gradients. */
export const signConv: KernelFamily = (context) => ({
  BitgradSignConv2D: binaryKernels((_, ...rest) => convolveSigns(context, 'BitgradSignConv2D', ...rest))
    .BitgradBinaryConv2D,
  BitgradSignConv2DGrad({ inputs, attrs }) {
    const tensors = inputs as Readonly<Record<'x' | 'filter' | 'dy', TensorInfo>>;
    const { strides, pad, programs } = attrs as unknown as Attributes;
    const info = convolutionInfo(tensors.x.shape, tensors.filter.shape, { strides, pad });
    return [inputSide(context, info, tensors, programs[0]), filterSide(context, info, tensors, programs[1])];
  },
});
