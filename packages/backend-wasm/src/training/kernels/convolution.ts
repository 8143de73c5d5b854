// The 2-D convolution and its gradients, NHWC. All run on zero-bordered copies of their image operand, so that the
// inner loops have no bounds to check; see assembly/training/rows.ts and outer.ts.
import * as tf from '@tensorflow/tfjs-core';
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelArguments } from '@bitgrad/core';
import type { KernelContext, KernelFamily } from './family.js';
import type { Job } from '../job.js';
import { trySignedOuter, trySignedRows, type SignedOuter, type SignedRows } from './signed.js';
import { gatherBytes, panelBytes, ROWS_BYTES, SHORT_RUN } from './sizes.js';

interface ConvAttributes {
  dilations?: [number, number] | number;
  strides: [number, number];
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
  filterShape: [number, number, number, number];
  inputShape: [number, number, number, number];
}

interface FusedAttributes {
  activation: keyof typeof activations;
  leakyreluAlpha?: number;
}

/** What may follow a fused convolution. */
const activations = {
  linear: (x: tf.Tensor) => x,
  relu: (x: tf.Tensor) => tf.relu(x),
  relu6: (x: tf.Tensor) => tf.relu6(x),
  elu: (x: tf.Tensor) => tf.elu(x),
  sigmoid: (x: tf.Tensor) => tf.sigmoid(x),
  prelu: (x: tf.Tensor, weights: tf.Tensor) => tf.prelu(x, weights),
  leakyrelu: (x: tf.Tensor, _: tf.Tensor, alpha?: number) => tf.leakyRelu(x, alpha),
};

type Shape4 = readonly [number, number, number, number];
type Info = backend_util.Conv2DInfo;

/** A zero-bordered copy, or the tensor itself when there is no border. */
interface Bordered {
  readonly address: number;
  readonly height: number;
  readonly width: number;
}

type Borders = readonly [top: number, bottom: number, left: number, right: number];

/** Fills a zero-bordered copy at `space`. */
function border(job: Job, from: number, space: number, [n, h, w, c]: Shape4, borders: Borders): Bordered {
  const [top, bottom, left, right] = borders;
  const height = top + h + bottom;
  const width = left + w + right;
  if (top + bottom + left + right === 0) return { address: from, height, width };
  job.split('padImages', n, 1, (n0, n1) => [from, space, n0, n1, h, w, c, top, bottom, left, right]);
  return { address: space, height, width };
}

/** Bytes of a zero-bordered copy; 0 without a border. */
const borderBytes = ([n, h, w, c]: Shape4, [top, bottom, left, right]: Borders): number =>
  top + bottom + left + right === 0 ? 0 : n * (top + h + bottom) * (left + w + right) * c * 4;

/** Borders (top, bottom, left, right) that hold every position a window reads. */
function imageBorders(info: Info): Borders {
  const { top, left } = info.padInfo;
  const rows = (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1;
  const cols = (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1;
  return [top, Math.max(0, rows - info.inHeight - top), left, Math.max(0, cols - info.inWidth - left)];
}

/** Multiply-accumulates of a convolution. */
const work = (info: Info): number =>
  info.batchSize *
  info.outHeight *
  info.outWidth *
  info.outChannels *
  info.filterHeight *
  info.filterWidth *
  info.inChannels;

/** The convolution itself; a run of the rows kernel is a kernel row, or a tap where taps are dilated. */
function forward(job: Job, info: Info, [x, filter, out, bias]: number[]): void {
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow, filterWidth: kw } = info;
  const borders = imageBorders(info);
  const shape = [n, info.inHeight, info.inWidth, c] as const;
  const depth = info.filterHeight * kw * c;
  const [runs, length] = info.dilationWidth === 1 ? [1, kw * c] : [kw, c];
  const gather = length < SHORT_RUN && depth > length;
  const rowsBytes = ROWS_BYTES + (gather ? gatherBytes(depth) : 0);
  const sizes = [
    borderBytes(shape, borders),
    panelBytes(depth, o),
    rowsBytes * job.threads,
    panelBytes(1, o),
  ];
  const [space, panels, tables, start] = job.scratch(...sizes);
  const image = border(job, x!, space!, shape, borders);
  job.call('packPanels', filter!, panels!, depth, o, o * 4);
  if (bias) job.call('packPanels', bias, start!, 1, o, o * 4);
  const row = image.width * c * 4;
  job.split('convRows', n * oh * ow, 40, (from, to, thread) => [
    ...[image.address, panels!, bias ? start! : 0, out!, tables! + thread * rowsBytes, from, to, oh, ow, o],
    ...[
      image.height * row,
      info.strideHeight * row,
      info.strideWidth * c * 4,
      oh * ow * o * 4,
      ow * o * 4,
      o * 4,
    ],
    ...[
      info.filterHeight,
      runs!,
      info.dilationHeight * row,
      info.dilationWidth * c * 4,
      length!,
      Number(gather),
    ],
  ]);
}

function filterGradient(
  { wasm, count, fused }: KernelContext,
  job: Job,
  info: Info,
  [x, dy, out]: number[],
): void {
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow } = info;
  const borders = imageBorders(info);
  const shape = [n, info.inHeight, info.inWidth, c] as const;
  const signed: SignedOuter = {
    ...{ image: shape, filter: [info.filterHeight, info.filterWidth], output: [oh, ow, o], borders },
    strides: [info.strideHeight, info.strideWidth],
  };
  if (fused && trySignedOuter(wasm, job, signed, [x!, dy!, out!])) return count('Conv2DBackpropFilter/signs');
  const part = wasm['outerScratch']!(ow, o);
  const [space, scratch] = job.scratch(borderBytes(shape, borders), part * job.threads);
  const image = border(job, x!, space!, shape, borders);
  const row = image.width * c * 4;
  const m = info.filterWidth * c;
  job.split('outerSum', m, 4, (from, to, thread) => [
    ...[image.address, dy!, out!, scratch! + thread * part, 0, n, oh, ow],
    ...[image.height * row, info.strideHeight * row, info.strideWidth * c * 4],
    ...[info.filterHeight, row, m, o, from, to],
  ]);
}

/** One phase of the input gradient along one axis: input positions that fall on the same stride residue. */
interface Phase {
  /** The first filter tap of the phase, and how many there are. */
  readonly tap: number;
  readonly taps: number;
  /** The first input position, and how many there are. */
  readonly start: number;
  readonly count: number;
  /** Index of the last output position that reaches the first input position. */
  readonly reach: number;
}

/** The phases along one axis. Input i is reached by tap `tap + s j` from output `(i + pad - tap) / s - j`. */
function phases(size: number, filter: number, stride: number, pad: number): Phase[] {
  return Array.from({ length: stride }, (_, tap) => {
    const start = (((tap - pad) % stride) + stride) % stride;
    return {
      tap,
      taps: Math.max(0, Math.ceil((filter - tap) / stride)),
      start,
      count: Math.max(0, Math.ceil((size - start) / stride)),
      reach: (start + pad - tap) / stride,
    };
  }).filter((phase) => phase.count > 0);
}

function inputGradient(
  { wasm, count, fused }: KernelContext,
  job: Job,
  info: Info,
  [dy, filter, out]: number[],
): void {
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c, outChannels: o } = info;
  const { strideHeight: sh, strideWidth: sw, filterWidth: kw } = info;
  const signed: SignedRows = {
    ...{ image: [n, h, w, c], filter: [info.filterHeight, kw], output: [info.outHeight, info.outWidth, o] },
    padding: [info.padInfo.top, info.padInfo.left],
  };
  if (fused && sh === 1 && sw === 1 && trySignedRows(wasm, job, signed, [dy!, filter!, out!]))
    return count('Conv2DBackpropInput/signs');
  const rows = phases(h, info.filterHeight, sh, info.padInfo.top);
  const cols = phases(w, kw, sw, info.padInfo.left);
  const before = (list: Phase[]): number => Math.max(0, ...list.map((p) => p.taps - 1 - p.reach));
  const after = (list: Phase[], size: number): number =>
    Math.max(0, ...list.map((p) => p.reach + p.count - size));
  const borders = [
    before(rows),
    after(rows, info.outHeight),
    before(cols),
    after(cols, info.outWidth),
  ] as const;
  const shape = [n, info.outHeight, info.outWidth, o] as const;
  const depth = Math.max(...rows.map((p) => p.taps)) * Math.max(...cols.map((p) => p.taps)) * o;
  const sizes = [borderBytes(shape, borders), panelBytes(depth, c), ROWS_BYTES * job.threads];
  const [space, panels, tables] = job.scratch(...sizes);
  const image = border(job, dy!, space!, shape, borders);
  const pixel = o * 4;
  const row = image.width * pixel;
  for (const r of rows)
    for (const q of cols) {
      job.call('packFlipped', filter!, panels!, kw, c, o, r.tap, q.tap, sh, sw, r.taps, q.taps);
      const y = r.reach - (r.taps - 1) + borders[0];
      const x = q.reach - (q.taps - 1) + borders[2];
      const [source, target] = [image.address + y * row + x * pixel, out! + (r.start * w + q.start) * c * 4];
      job.split('convRows', n * r.count * q.count, 40, (from, to, thread) => [
        ...[source, panels!, 0, target, tables! + thread * ROWS_BYTES, from, to, r.count, q.count, c],
        ...[image.height * row, row, pixel, h * w * c * 4, sh * w * c * 4, sw * c * 4],
        ...[r.taps, q.taps === 0 ? 0 : 1, row, 0, q.taps * o, 0],
      ]);
    }
}

type Geometry = Pick<ConvAttributes, 'strides' | 'pad' | 'dilations' | 'dimRoundingMode'>;

const geometry = (image: readonly number[], filter: readonly number[], options: Geometry): Info =>
  backend_util.computeConv2DInfo(
    image as [number, number, number, number],
    filter as [number, number, number, number],
    options.strides,
    options.dilations ?? 1,
    options.pad,
    options.dimRoundingMode,
  );

const channelsLast = (attrs: Pick<ConvAttributes, 'dataFormat'>): boolean =>
  attrs.dataFormat === undefined || attrs.dataFormat === 'NHWC' || attrs.dataFormat === 'channelsLast';

/** Runs the forward kernel, with a bias of [o] or without. */
function convolve(context: KernelContext, { inputs, attrs }: KernelArguments): TensorInfo {
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as ConvAttributes;
  const { x, filter, bias } = inputs;
  const info = geometry(x!.shape, filter!.shape, {
    strides,
    pad,
    dilations: dilations ?? 1,
    dimRoundingMode,
  });
  const out = context.heap.output(info.outShape);
  const job = context.job('Conv2D', work(info));
  forward(job, info, [job.read(x!), job.read(filter!), job.write(out), bias ? job.read(bias) : 0]);
  job.done();
  return out;
}

/**
 * Conv2D and FusedConv2D (stock wasm is wrong where strides skip more than the kernel covers), Conv2DBackpropFilter
 * (missing in stock wasm) and Conv2DBackpropInput (slow in stock wasm).
 */
export const convolution: KernelFamily = (context) => ({
  Conv2D: (args) => (channelsLast(args.attrs as unknown as ConvAttributes) ? convolve(context, args) : null),
  FusedConv2D(args) {
    const { activation, leakyreluAlpha, ...rest } = args.attrs as unknown as ConvAttributes & FusedAttributes;
    const { bias, preluActivationWeights } = args.inputs;
    const [o] = args.inputs['filter']!.shape.slice(-1);
    const biased = !bias || (bias.shape.length === 1 && bias.shape[0] === o);
    if (!channelsLast(rest) || !biased) return null;
    const sums = convolve(context, args);
    if (activation === 'linear') return sums;
    const apply = activations[activation];
    const y = tf.engine().makeTensorFromTensorInfo(sums);
    const z = apply(y, preluActivationWeights as tf.Tensor, leakyreluAlpha);
    y.dispose();
    return z;
  },
  Conv2DBackpropFilter({ inputs, attrs }) {
    const { filterShape, ...options } = attrs as unknown as ConvAttributes;
    if (!channelsLast(options)) return null;
    const { x, dy } = inputs;
    const info = geometry(x!.shape, filterShape, options);
    const out = context.heap.output(filterShape);
    const job = context.job('Conv2DBackpropFilter', work(info));
    filterGradient(context, job, info, [job.read(x!), job.read(dy!), job.write(out)]);
    job.done();
    return out;
  },
  Conv2DBackpropInput({ inputs, attrs }) {
    const { inputShape, ...options } = attrs as unknown as ConvAttributes;
    if (!channelsLast(options)) return null;
    const { dy, filter } = inputs;
    const info = geometry(inputShape, filter!.shape, options);
    const out = context.heap.output(inputShape);
    const job = context.job('Conv2DBackpropInput', work(info));
    inputGradient(context, job, info, [job.read(dy!), job.read(filter!), job.write(out)]);
    job.done();
    return out;
  },
});
