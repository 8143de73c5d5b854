// Gradients of products with one +-1 operand, by table look-up; see assembly/training/signedOuter.ts, signedRows.ts.
// Each `try...` looks whether the operand is exactly +-1 (it stops at the first number that is not) and whether the
// product is large enough for the tables to pay; it returns false, with nothing written, when the caller shall go on.
import type { KernelContext } from '../installation.js';

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
  { heap, wasm }: KernelContext,
  { image: [n, h, w, c], filter: [kh, kw], output: [oh, ow, o], strides: [sh, sw], borders }: SignedOuter,
  [x, dy, out]: readonly number[],
): boolean {
  const rows = kh * kw * c;
  if (rows < 32 || o < 12 || n * oh * ow < 64) return false;
  const [top, bottom, left, right] = borders;
  const [height, width] = [top + h + bottom, left + w + right];
  const [bytes, scratch, sums] = heap.scratch(
    n * height * width * c + 64,
    wasm['signedOuterScratch']!(rows),
    o * 4,
  );
  if (!wasm['signBytes']!(x!, bytes!, 0, n, h, w, c, top, bottom, left, right)) return false;
  const row = width * c;
  wasm['signedOuter']!(
    ...[bytes!, dy!, out!, scratch!, n, oh, ow, height * row, sh * row, sw * c],
    ...[kh, row, kw * c, o, 0, o],
  );
  if (top + bottom + left + right > 0)
    wasm['subtractBorder']!(dy!, out!, sums!, n, h, w, c, oh, ow, o, 0, o, kh, kw, sh, sw, top, left);
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
  { heap, wasm }: KernelContext,
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
  const [offsets, shifts, scratch] = heap.scratch(
    Math.ceil(o / 4) * c * taps * 4,
    taps * 4,
    wasm['signedRowsScratch']!(c, o, entry),
  );
  const table = new Int32Array(heap.memory.buffer, shifts, taps);
  for (let t = 0; t < taps; t++)
    table[t] = 4 * ((top - Math.floor(t / kw)) * gridWidth + left - (t % kw) - first);
  if (!wasm['pickOffsets']!(filter!, offsets!, shifts!, taps, c, o, entry * 4)) return false;
  const blocks = Math.ceil((n * gridHeight * gridWidth) / BLOCK);
  wasm['signedRows']!(
    ...[dy!, offsets!, out!, scratch!, 0, blocks, n, gridHeight, gridWidth],
    ...[h, w, c, oh, ow, o, taps, first, entry],
  );
  return true;
}
