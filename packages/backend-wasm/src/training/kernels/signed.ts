// Gradients of products with one operand of signs, by table look-up; see assembly/training/signed-outer.ts, signed-rows.ts.
// Each `try...` looks whether the operand is exactly +-1 (it stops at the first number that is not; not asked of a latent operand,
// whose signs are meant) and whether the product is large enough for the tables to pay; it returns false, with nothing written,
// when the caller shall go on.
import type { Axis, Common, Split } from '../calls.js';
import { aligned } from '../heap.js';
import type { Job } from '../job.js';
import { addParts, imageParts, imagesOf } from './segments.js';

/** Geometry of a filter gradient over zero-padded images. */
export interface SignedOuter {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number];
  readonly output: readonly [oh: number, ow: number, o: number];
  readonly strides: readonly [number, number];
  readonly borders: readonly [top: number, bottom: number, left: number, right: number];
  /** Whether x stands for its signs. */
  readonly latent?: boolean;
}

/**
 * Splits a function that reads signs; false where it found a number other than +-1. Nothing is to be found out of latent numbers, so
 * that their result is not waited for.
 */
function readsSigns<N extends 'signBytes' | 'pickOffsets', A extends Axis<N>>(
  job: Job,
  name: N,
  split: Split<N, A>,
  fields: Common<N, A> & { readonly latent: boolean },
): boolean {
  if (!fields.latent) return !job.results(name, split, fields).includes(0);
  job.split(name, split, fields);
  return true;
}

/** dW [kh][kw][c][o] = sum of +-dy, where x holds +-1. */
export function trySignedOuter(
  job: Job,
  {
    image: [n, h, w, c],
    filter: [kh, kw],
    output: [oh, ow, o],
    strides,
    borders,
    latent = false,
  }: SignedOuter,
  { x, dy, out }: { readonly x: number; readonly dy: number; readonly out: number },
): boolean {
  const rows = kh * kw * c;
  if (rows < 32 || o < 12 || n * oh * ow < 64) return false;
  const [sh, sw] = strides;
  const [top, bottom, left, right] = borders;
  const [height, width] = [top + h + bottom, left + w + right];
  const space = aligned(job.ask('signedOuterScratch', { rows }));
  const size = rows * o;
  const parts = imageParts(n, size);
  // With few channels by images, else by channels, of which a table holds 32.
  const byImages = o < 128 && parts.count > 1;
  const blocks = byImages ? parts.count * Math.ceil(o / 32) : job.threads;
  const [bytes, scratch, sums, results] = job.scratch(
    n * height * width * c + 64,
    space * blocks,
    o * 4 * job.threads,
    byImages ? parts.bytes : 0,
  );
  const images = { over: 'n', count: n, grain: 1 } as const;
  const pixels = { x, out: bytes, h, w, c, top, bottom, left, right, latent };
  if (!readsSigns(job, 'signBytes', images, pixels)) return false;
  const row = width * c;
  const m = kw * c;
  const common = {
    ...{ x: bytes, dy, out, scratch, n, oh, ow, m, o },
    ...{ xN: height * row, xH: sh * row, xW: sw * c, runs: kh, runStride: row },
  };
  const own = { scratch: space };
  if (byImages) {
    job.each('signedOuter', blocks, (block) => {
      const [part, o0] = [block % parts.count, 32 * Math.floor(block / parts.count)];
      const { n0, n1 } = imagesOf(part, parts.count, n);
      return {
        ...{ ...common, m0: 0, m1: m, o0, o1: Math.min(o, o0 + 32), scratch: scratch + block * space },
        ...{ x: bytes + n0 * height * row, dy: dy + n0 * oh * ow * o * 4, n: n1 - n0 },
        out: results + part * size * 4,
      };
    });
    addParts(job, { x: results, out, count: parts.count, size });
  } else if (Math.ceil(o / 32) >= job.threads)
    job.split('signedOuter', { over: 'o', count: o, grain: 32, own }, { ...common, m0: 0, m1: m });
  // By rows, which costs a second set of tables.
  else job.split('signedOuter', { over: 'm', count: m, grain: 16, own }, { ...common, o0: 0, o1: o });
  if (top + bottom + left + right > 0)
    job.split(
      'subtractBorder',
      { over: 'o', count: o, grain: 8, own: { sums: o * 4 } },
      { dy, out, sums, n, h, w, c, oh, ow, o, kh, kw, sh, sw, top, left },
    );
  return true;
}

/** Geometry of an input gradient with stride 1. */
export interface SignedRows {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number];
  readonly output: readonly [oh: number, ow: number, o: number];
  readonly padding: readonly [top: number, left: number];
  /** Whether the filter stands for its signs. */
  readonly latent?: boolean;
}

/** Images of one row as images of one column: rows are what kernels divide among lanes. */
const tall = (geometry: SignedRows): SignedRows => {
  const { image, filter, output, padding } = geometry;
  if (image[1] !== 1 || filter[0] !== 1 || output[0] !== 1 || padding[0] !== 0) return geometry;
  return {
    ...geometry,
    image: [image[0], image[2], 1, image[3]],
    filter: [filter[1], 1],
    output: [output[1], 1, output[2]],
    padding: [padding[1], 0],
  };
};

/** Look-ups of a filter's signs, ready for images. */
interface PreparedRows {
  /** Addresses of what was asked for besides. */
  readonly more: readonly number[];
  /** dx of `images` images from their dy. */
  run(images: number, dy: number, dx: number): void;
}

/**
 * Looks the signs of a filter up; undefined when it holds others than +-1, or the product is too small.
 * @param more sizes of other scratch memory
 */
export function prepareSignedRows(
  job: Job,
  geometry: SignedRows,
  filter: number,
  more: readonly number[],
): PreparedRows | undefined {
  const {
    image: [n, h, w, c],
    filter: [kh, kw],
    output: [oh, ow, o],
    padding: [top, left],
    latent = false,
  } = tall(geometry);
  const taps = kh * kw;
  if (taps * c < 32 || o < 8 || n * h * w < 32) return undefined;
  // Images lie on a grid with as many zero rows and columns between them as the taps reach.
  const gridHeight = Math.max(oh + kh - 1 - top, h + top);
  const gridWidth = Math.max(ow + kw - 1 - left, w + left);
  const first = (top - kh + 1) * gridWidth + left - kw + 1;
  const entry = job.ask('signedRowsEntry', { halo: (kh - 1) * gridWidth + kw - 1 });
  const space = aligned(job.ask('signedRowsScratch', { c, o, entry }));
  const [offsets, shifts, scratch, ...rest] = job.scratch(
    Math.ceil(o / 4) * c * taps * 4,
    taps * 4,
    space * job.threads,
    ...more,
  );
  const { integers } = job.views();
  for (let t = 0; t < taps; t++)
    integers[shifts / 4 + t] = 4 * ((top - Math.floor(t / kw)) * gridWidth + left - (t % kw) - first);
  const channels = { over: 'o', count: o, grain: 4 * job.ask('signedRowsGroups', { entry }) } as const;
  const filters = { w: filter, out: offsets, shifts, taps, c, o, entry, latent };
  if (!readsSigns(job, 'pickOffsets', channels, filters)) return undefined;
  const common = {
    ...{ offsets, scratch, gh: gridHeight, gw: gridWidth },
    ...{ h, w, c, oh, ow, o, taps, first, entry },
  };
  return {
    more: rest,
    run(images, dy, dx) {
      const count = job.ask('signedRowsBlocks', { n: images, gh: gridHeight, gw: gridWidth, h });
      const split = { over: 'b', count, grain: 1, own: { scratch: space } } as const;
      job.split('signedRows', split, { ...common, dy, dx, n: images });
    },
  };
}

/** dx [n][h][w][c] = sum of +-dy, where the filter holds +-1. */
export function trySignedRows(
  job: Job,
  geometry: SignedRows,
  { dy, filter, out }: { readonly dy: number; readonly filter: number; readonly out: number },
): boolean {
  const rows = prepareSignedRows(job, geometry, filter, []);
  rows?.run(geometry.image[0], dy, out);
  return rows !== undefined;
}
