// The 2-D convolution and its gradients as calls of the module. All run on zero-bordered copies of their image operand, so
// that the inner loops have no bounds to check; see assembly/training/rows.ts and outer.ts.
import { windowExtent } from '@bitgrad/bits';
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Job } from '../job.js';
import type { KernelContext } from './family.js';
import { addParts, imageParts, imagesOf } from './segments.js';
import { trySignedOuter, trySignedRows, type SignedOuter, type SignedRows } from './signed.js';
import { gatherBytes, panelBytes, ROWS_BYTES, SHORT_RUN } from './sizes.js';

type Shape4 = readonly [number, number, number, number];
/** The geometry of a convolution: sizes, strides, dilations, padding. */
export type Info = backend_util.Conv2DInfo;

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
  const images = { over: 'n', count: n, grain: 1 } as const;
  job.split('padImages', images, { x: from, out: space, h, w, c, top, bottom, left, right });
  return { address: space, height, width };
}

/** Bytes of a zero-bordered copy; 0 without a border. */
const borderBytes = ([n, h, w, c]: Shape4, [top, bottom, left, right]: Borders): number =>
  top + bottom + left + right === 0 ? 0 : n * (top + h + bottom) * (left + w + right) * c * 4;

/** Borders (top, bottom, left, right) that hold every position a window reads. */
export function bordersOf(info: Info): Borders {
  const { top, left } = info.padInfo;
  const rows =
    (info.outHeight - 1) * info.strideHeight + windowExtent(info.filterHeight, info.dilationHeight);
  const cols = (info.outWidth - 1) * info.strideWidth + windowExtent(info.filterWidth, info.dilationWidth);
  return [top, Math.max(0, rows - info.inHeight - top), left, Math.max(0, cols - info.inWidth - left)];
}

/** Multiply-accumulates of a convolution. */
export const work = (info: Info): number =>
  info.batchSize *
  info.outHeight *
  info.outWidth *
  info.outChannels *
  info.filterHeight *
  info.filterWidth *
  info.inChannels;

/** Addresses of the operands of {@link forward}; without a bias it is 0. */
interface Forward {
  readonly x: number;
  readonly filter: number;
  readonly out: number;
  readonly bias: number;
}

/** The convolution itself; a run of the rows kernel is a kernel row, or a tap where taps are dilated. */
export function forward(job: Job, info: Info, { x, filter, out, bias }: Forward): void {
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow, filterWidth: kw } = info;
  const borders = bordersOf(info);
  const shape = [n, info.inHeight, info.inWidth, c] as const;
  const depth = info.filterHeight * kw * c;
  const [runs, length] = info.dilationWidth === 1 ? [1, kw * c] : [kw, c];
  const gather = length < SHORT_RUN && depth > length;
  const rowsBytes = ROWS_BYTES + (gather ? gatherBytes(depth) : 0);
  const [space, panels, scratch, start] = job.scratch(
    borderBytes(shape, borders),
    panelBytes(depth, o),
    rowsBytes * job.threads,
    panelBytes(1, o),
  );
  const image = border(job, x, space, shape, borders);
  job.call('packPanels', { b: filter, out: panels, k: depth, n: o, stride: o * 4 });
  if (bias) job.call('packPanels', { b: bias, out: start, k: 1, n: o, stride: o * 4 });
  const row = image.width * c * 4;
  job.split(
    'convRows',
    { over: 'p', count: n * oh * ow, grain: 40, own: { scratch: rowsBytes } },
    {
      ...{ x: image.address, w: panels, bias: bias ? start : 0, out, scratch, oh, ow, o },
      ...{ xN: image.height * row, xH: info.strideHeight * row, xW: info.strideWidth * c * 4 },
      ...{ outN: oh * ow * o * 4, outH: ow * o * 4, outW: o * 4 },
      ...{ runsH: info.filterHeight, runsW: runs, length, gather },
      ...{ runH: info.dilationHeight * row, runW: info.dilationWidth * c * 4 },
    },
  );
}

/** Addresses of the operands of {@link filterGradient}. */
interface FilterGradient {
  readonly x: number;
  readonly dy: number;
  readonly out: number;
}

/** The gradient of the filter, by tables where x is +-1. */
export function filterGradient(
  { count, fused }: KernelContext,
  job: Job,
  info: Info,
  operands: FilterGradient,
): void {
  const { batchSize: n, inChannels: c, outChannels: o, outHeight: oh, outWidth: ow } = info;
  const borders = bordersOf(info);
  const shape = [n, info.inHeight, info.inWidth, c] as const;
  const signed: SignedOuter = {
    ...{ image: shape, filter: [info.filterHeight, info.filterWidth], output: [oh, ow, o], borders },
    strides: [info.strideHeight, info.strideWidth],
  };
  if (fused && trySignedOuter(job, signed, operands)) return count('Conv2DBackpropFilter/signs');
  const part = job.ask('outerScratch', { ow, o });
  const m = info.filterWidth * c;
  const size = info.filterHeight * m * o;
  const parts = imageParts(n, size);
  // Few rows are cut by images.
  const byImages = m < 64 && parts.count > 1;
  const [space, scratch, results] = job.scratch(
    borderBytes(shape, borders),
    part * (byImages ? parts.count : job.threads),
    byImages ? parts.bytes : 0,
  );
  const image = border(job, operands.x, space, shape, borders);
  const row = image.width * c * 4;
  const common = {
    ...{ ...operands, x: image.address, oh, ow, m, o, runs: info.filterHeight, runStride: row },
    ...{ xN: image.height * row, xH: info.strideHeight * row, xW: info.strideWidth * c * 4 },
  };
  if (byImages) {
    job.each('outerSum', parts.count, (i) => ({
      ...{ ...common, ...imagesOf(i, parts.count, n), m0: 0, m1: m },
      ...{ scratch: scratch + i * part, out: results + i * size * 4 },
    }));
    addParts(job, { x: results, out: operands.out, count: parts.count, size });
  } else
    job.split(
      'outerSum',
      { over: 'm', count: m, grain: 4, own: { scratch: part } },
      { ...common, scratch, n0: 0, n1: n },
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

/** Addresses of the operands of {@link inputGradient}. */
interface InputGradient {
  readonly dy: number;
  readonly filter: number;
  readonly out: number;
}

/** The gradient of the image, by tables where the filter is +-1; with strides, phase by phase. */
export function inputGradient(
  { count, fused }: KernelContext,
  job: Job,
  info: Info,
  operands: InputGradient,
): void {
  const { dy, filter, out } = operands;
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c, outChannels: o } = info;
  const { strideHeight: sh, strideWidth: sw, filterWidth: kw } = info;
  const signed: SignedRows = {
    ...{ image: [n, h, w, c], filter: [info.filterHeight, kw], output: [info.outHeight, info.outWidth, o] },
    padding: [info.padInfo.top, info.padInfo.left],
  };
  if (fused && sh === 1 && sw === 1 && trySignedRows(job, signed, operands))
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
  const [space, panels, scratch] = job.scratch(
    borderBytes(shape, borders),
    panelBytes(depth, c),
    ROWS_BYTES * job.threads,
  );
  const image = border(job, dy, space, shape, borders);
  const pixel = o * 4;
  const row = image.width * pixel;
  for (const r of rows)
    for (const q of cols) {
      job.call('packFlipped', {
        ...{ w: filter, out: panels, kw, c, o, sh, sw },
        ...{ ph: r.tap, pw: q.tap, rows: r.taps, cols: q.taps },
      });
      const y = r.reach - (r.taps - 1) + borders[0];
      const x = q.reach - (q.taps - 1) + borders[2];
      job.split(
        'convRows',
        { over: 'p', count: n * r.count * q.count, grain: 40, own: { scratch: ROWS_BYTES } },
        {
          ...{ x: image.address + y * row + x * pixel, w: panels, bias: 0, scratch },
          ...{ out: out + (r.start * w + q.start) * c * 4, oh: r.count, ow: q.count, o: c },
          ...{ xN: image.height * row, xH: row, xW: pixel },
          ...{ outN: h * w * c * 4, outH: sh * w * c * 4, outW: sw * c * 4 },
          ...{ runsH: r.taps, runsW: q.taps === 0 ? 0 : 1, runH: row, runW: 0 },
          ...{ length: q.taps * o, gather: false },
        },
      );
    }
}
