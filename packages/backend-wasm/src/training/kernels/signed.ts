// Gradients of products with one +-1 operand, by table look-up; see assembly/training/signed-outer.ts, signed-rows.ts.
// Each `try...` looks whether the operand is exactly +-1 (it stops at the first number that is not) and whether the
// product is large enough for the tables to pay; it returns false, with nothing written, when the caller shall go on.
import type { Job } from '../job.js';
import type { WasmFunctions } from '../module.js';

/** Geometry of a filter gradient over zero-padded images. */
export interface SignedOuter {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number];
  readonly output: readonly [oh: number, ow: number, o: number];
  readonly strides: readonly [number, number];
  readonly borders: readonly [top: number, bottom: number, left: number, right: number];
}

/** dW [kh][kw][c][o] = sum of +-dy, where x holds +-1. */
export function trySignedOuter(
  wasm: WasmFunctions,
  job: Job,
  { image: [n, h, w, c], filter: [kh, kw], output: [oh, ow, o], strides: [sh, sw], borders }: SignedOuter,
  [x, dy, out]: readonly number[],
): boolean {
  const rows = kh * kw * c;
  if (rows < 32 || o < 12 || n * oh * ow < 64) return false;
  const [top, bottom, left, right] = borders;
  const [height, width] = [top + h + bottom, left + w + right];
  const space = Math.ceil(wasm['signedOuterScratch']!(rows) / 64) * 64;
  const [bytes, scratch, sums] = job.scratch(
    n * height * width * c + 64,
    space * job.threads,
    o * 4 * job.threads,
  );
  const exact = job.split('signBytes', n, 1, (from, to) => [
    ...[x!, bytes!, from, to, h, w, c, top, bottom, left, right],
  ]);
  if (exact.includes(0)) return false;
  const row = width * c;
  const m = kw * c;
  const operands = (thread: number): number[] => [
    ...[
      bytes!,
      dy!,
      out!,
      scratch! + thread * space,
      n,
      oh,
      ow,
      height * row,
      sh * row,
      sw * c,
      kh,
      row,
      m,
      o,
    ],
  ];
  // By channels, of which a table holds 32; with few of them by rows, which costs a second set of tables.
  if (Math.ceil(o / 32) >= job.threads)
    job.split('signedOuter', o, 32, (from, to, thread) => [...operands(thread), from, to, 0, m]);
  else job.split('signedOuter', m, 16, (from, to, thread) => [...operands(thread), 0, o, from, to]);
  if (top + bottom + left + right > 0)
    job.split('subtractBorder', o, 16, (from, to, thread) => [
      ...[dy!, out!, sums! + thread * o * 4, n, h, w, c, oh, ow, o, from, to, kh, kw, sh, sw, top, left],
    ]);
  return true;
}

/** Geometry of an input gradient with stride 1. */
export interface SignedRows {
  readonly image: readonly [n: number, h: number, w: number, c: number];
  readonly filter: readonly [kh: number, kw: number];
  readonly output: readonly [oh: number, ow: number, o: number];
  readonly padding: readonly [top: number, left: number];
}

/** Grid positions in a block of `signedRows`. */
const BLOCK = 128;

/** dx [n][h][w][c] = sum of +-dy, where the filter holds +-1. */
export function trySignedRows(
  wasm: WasmFunctions,
  job: Job,
  { image: [n, h, w, c], filter: [kh, kw], output: [oh, ow, o], padding: [top, left] }: SignedRows,
  [dy, filter, out]: readonly number[],
): boolean {
  const taps = kh * kw;
  if (taps * c < 32 || o < 8 || n * h * w < 32) return false;
  // Images lie on a grid with as many zero rows and columns between them as the taps reach.
  const gridHeight = Math.max(oh + kh - 1 - top, h + top);
  const gridWidth = Math.max(ow + kw - 1 - left, w + left);
  const first = (top - kh + 1) * gridWidth + left - kw + 1;
  const entry = wasm['signedRowsEntry']!((kh - 1) * gridWidth + kw - 1);
  const space = Math.ceil(wasm['signedRowsScratch']!(c, o, entry) / 64) * 64;
  const [offsets, shifts, scratch] = job.scratch(
    Math.ceil(o / 4) * c * taps * 4,
    taps * 4,
    space * job.threads,
  );
  const table = new Int32Array(job.memory.buffer, shifts, taps);
  for (let t = 0; t < taps; t++)
    table[t] = 4 * ((top - Math.floor(t / kw)) * gridWidth + left - (t % kw) - first);
  if (!job.call('pickOffsets', filter!, offsets!, shifts!, taps, c, o, entry)) return false;
  const blocks = Math.ceil((n * gridHeight * gridWidth) / BLOCK);
  job.split('signedRows', blocks, 1, (from, to, thread) => [
    ...[dy!, offsets!, out!, scratch! + thread * space, from, to, n, gridHeight, gridWidth],
    ...[h, w, c, oh, ow, o, taps, first, entry],
  ]);
  return true;
}
