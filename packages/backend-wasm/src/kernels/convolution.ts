// The 2-D convolution and its gradients, NHWC. All run on zero-bordered copies of their image operand, so that the
// inner loops have no bounds to check; see assembly/training/rows.ts and outer.ts.
import * as tf from '@tensorflow/tfjs-core';
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelArguments, KernelContext, KernelFamily } from '../installation.js';
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

type Shape4 = [number, number, number, number];
type Info = backend_util.Conv2DInfo;

/** A zero-bordered copy, or the tensor itself when there is no border. */
export interface Bordered {
  readonly address: number;
  readonly height: number;
  readonly width: number;
}

/** Makes room for and fills a zero-bordered copy at `space`. */
export function border(
  { wasm }: KernelContext,
  from: number,
  space: number,
  [n, h, w, c]: readonly number[],
  [top, bottom, left, right]: readonly [number, number, number, number],
): Bordered {
  const height = top + h! + bottom;
  const width = left + w! + right;
  if (top + bottom + left + right === 0) return { address: from, height, width };
  wasm['padImages']!(from, space, 0, n!, h!, w!, c!, top, bottom, left, right);
  return { address: space, height, width };
}

/** Bytes of a zero-bordered copy; 0 without a border. */
export const borderBytes = (
  [n, h, w, c]: readonly number[],
  [top, bottom, left, right]: readonly [number, number, number, number],
): number =>
  top + bottom + left + right === 0 ? 0 : n! * (top + h! + bottom) * (left + w! + right) * c! * 4;

/** Borders (top, bottom, left, right) that hold every position a window reads. */
function imageBorders(info: Info): readonly [number, number, number, number] {
  const { top, left } = info.padInfo;
  const rows = (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1;
  const cols = (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1;
  return [top, Math.max(0, rows - info.inHeight - top), left, Math.max(0, cols - info.inWidth - left)];
}

/** The convolution itself; a run of the rows kernel is a kernel row, or a tap where taps are dilated. */
function forward(context: KernelContext, info: Info, [x, filter, out, bias]: number[]): void {
  const { heap, wasm } = context;
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow, filterWidth: kw } = info;
  const borders = imageBorders(info);
  const shape = [n, info.inHeight, info.inWidth, c];
  const depth = info.filterHeight * kw * c;
  const [runs, length] = info.dilationWidth === 1 ? [1, kw * c] : [kw, c];
  const gather = length < SHORT_RUN && depth > length;
  const rowsBytes = ROWS_BYTES + (gather ? gatherBytes(depth) : 0);
  const sizes = [borderBytes(shape, borders), panelBytes(depth, o), rowsBytes, panelBytes(1, o)];
  const [space, panels, table, start] = heap.scratch(...sizes);
  const image = border(context, x!, space!, shape, borders);
  wasm['packPanels']!(filter!, panels!, depth, o, o * 4);
  if (bias) wasm['packPanels']!(bias, start!, 1, o, o * 4);
  const row = image.width * c * 4;
  wasm['convRows']!(
    ...[image.address, panels!, bias ? start! : 0, out!, table!, 0, n * oh * ow, oh, ow, o],
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
      runs,
      info.dilationHeight * row,
      info.dilationWidth * c * 4,
      length,
      Number(gather),
    ],
  );
}

function filterGradient(context: KernelContext, info: Info, x: number, dy: number, out: number): void {
  const { heap, wasm } = context;
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow } = info;
  const borders = imageBorders(info);
  const shape = [n, info.inHeight, info.inWidth, c] as const;
  const signed: SignedOuter = {
    ...{ image: shape, filter: [info.filterHeight, info.filterWidth], output: [oh, ow, o], borders },
    strides: [info.strideHeight, info.strideWidth],
  };
  if (trySignedOuter(context, signed, [x, dy, out])) return context.count('Conv2DBackpropFilter/signs');
  const [space, scratch] = heap.scratch(borderBytes(shape, borders), wasm['outerScratch']!(ow, o));
  const image = border(context, x, space!, shape, borders);
  const row = image.width * c * 4;
  wasm['outerSum']!(
    ...[image.address, dy, out, scratch!, 0, n, oh, ow],
    ...[image.height * row, info.strideHeight * row, info.strideWidth * c * 4],
    ...[info.filterHeight, row, info.filterWidth * c, o],
  );
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
export function phases(size: number, filter: number, stride: number, pad: number): Phase[] {
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

function inputGradient(context: KernelContext, info: Info, dy: number, filter: number, out: number): void {
  const { heap, wasm } = context;
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c, outChannels: o } = info;
  const { strideHeight: sh, strideWidth: sw, filterWidth: kw } = info;
  const signed: SignedRows = {
    ...{ image: [n, h, w, c], filter: [info.filterHeight, kw], output: [info.outHeight, info.outWidth, o] },
    padding: [info.padInfo.top, info.padInfo.left],
  };
  if (sh === 1 && sw === 1 && trySignedRows(context, signed, [dy, filter, out]))
    return context.count('Conv2DBackpropInput/signs');
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
  const shape = [n, info.outHeight, info.outWidth, o];
  const depth = Math.max(...rows.map((p) => p.taps)) * Math.max(...cols.map((p) => p.taps)) * o;
  const [space, panels, table] = heap.scratch(borderBytes(shape, borders), panelBytes(depth, c), ROWS_BYTES);
  const image = border(context, dy, space!, shape, borders);
  const pixel = o * 4;
  const row = image.width * pixel;
  for (const r of rows)
    for (const q of cols) {
      wasm['packFlipped']!(filter, panels!, kw, c, o, r.tap, q.tap, sh, sw, r.taps, q.taps);
      const y = r.reach - (r.taps - 1) + borders[0];
      const x = q.reach - (q.taps - 1) + borders[2];
      wasm['convRows']!(
        ...[image.address + y * row + x * pixel, panels!, 0, out + (r.start * w + q.start) * c * 4, table!],
        ...[0, n * r.count * q.count, r.count, q.count, c],
        ...[image.height * row, row, pixel, h * w * c * 4, sh * w * c * 4, sw * c * 4],
        ...[r.taps, q.taps === 0 ? 0 : 1, row, 0, q.taps * o, 0],
      );
    }
}

const channelsLast = (attrs: ConvAttributes): boolean =>
  attrs.dataFormat === undefined || attrs.dataFormat === 'NHWC' || attrs.dataFormat === 'channelsLast';

/** Runs the forward kernel, with a bias of [o] or without. */
function convolve(context: KernelContext, { inputs, attrs }: KernelArguments): TensorInfo {
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as ConvAttributes;
  const { x, filter, bias } = inputs;
  const shapes = [x!.shape, filter!.shape] as [Shape4, Shape4];
  const info = backend_util.computeConv2DInfo(...shapes, strides, dilations ?? 1, pad, dimRoundingMode);
  const out = context.heap.output(info.outShape);
  const operands = [x!, filter!, out, ...(bias ? [bias] : [])];
  forward(context, info, operands.map(context.heap.address));
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
    const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as ConvAttributes;
    if (!channelsLast(attrs as unknown as ConvAttributes)) return null;
    const { x, dy } = inputs as { x: never; dy: never } & typeof inputs;
    const info = backend_util.computeConv2DInfo(
      (x as { shape: Shape4 }).shape,
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = context.heap.output(filterShape);
    const { address } = context.heap;
    filterGradient(context, info, address(x), address(dy), address(out));
    return out;
  },
  Conv2DBackpropInput({ inputs, attrs }) {
    const { strides, pad, dimRoundingMode, inputShape } = attrs as unknown as ConvAttributes;
    if (!channelsLast(attrs as unknown as ConvAttributes)) return null;
    const { dy, filter } = inputs;
    const info = backend_util.computeConv2DInfo(
      inputShape,
      filter!.shape as Shape4,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = context.heap.output(inputShape);
    const { address } = context.heap;
    inputGradient(context, info, address(dy!), address(filter!), address(out));
    return out;
  },
});
