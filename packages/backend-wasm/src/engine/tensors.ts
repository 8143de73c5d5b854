// Tensors as the engine stores them. Everything is an image of rows: [h, w, c], a row being the c channels of a
// pixel. Rows are padded so that kernels can write whole vectors, and an image may have a border of zeros (bits:
// +1), so that convolutions read their padded taps like any other.
//
// | type      | a row                                                                                     |
// |-----------|-------------------------------------------------------------------------------------------|
// | bits      | one byte for 4 channels, in its high half; 8 bytes for each 32 channels, unused bits are 0 |
// | u8        | bytes, rounded up to 16                                                                   |
// | i16       | exact (only read by integer products)                                                     |
// | i32, f32  | rounded up to 16 bytes                                                                    |
import type { Shape } from '@bitgrad/runtime';

/** Element types in the engine's memory. */
export type Stored = 'bits' | 'u8' | 'i16' | 'i32' | 'f32';

/** [top, left, bottom, right]. */
export type Border = readonly [number, number, number, number];

/** A region of the engine's memory, shared by a tensor and its reshaped aliases. */
export interface Region {
  bytes: number;
  /** Groups that write it first and use it last; -1 is before the first group. */
  first: number;
  last: number;
  /** Must be in the arena: read from outside, or by kernels that take addresses instead of views. */
  pinned: boolean;
  /** Where it is: an address, or an offset in each thread's scratch when `local`. */
  base: number;
  local: boolean;
  /** A region whose place it takes: what makes it reads each element there before it writes it, and nothing reads it later. */
  over?: Region;
}

/** A tensor; see the head of this file. */
export interface Tensor {
  type: Stored;
  h: number;
  w: number;
  c: number;
  border: Border;
  /** Byte offset of pixel (0, 0) in the region. */
  start: number;
  /** Bytes of a row, and of a line of the image with its border. */
  pixel: number;
  pitch: number;
  region: Region;
}

export const noBorder: Border = [0, 0, 0, 0];

/** The next multiple of `to`. */
export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** The next multiple of 64: constants and regions begin there, and so do rows of start values. */
export const align = (n: number): number => roundUp(n, 64);

/** Bytes of an element; bits: of 4. */
const unit = { bits: 1, u8: 1, i16: 2, i32: 4, f32: 4 } as const;

/** Bytes of c channels without rounding, except that bits take whole words. */
const exactBytes = (type: Stored, c: number): number =>
  type === 'bits' ? roundUp(c, 32) / 4 : c * unit[type];

/** Bytes between successive channels, for bits between groups of 4. */
export const unitBytes = (type: Stored): number => unit[type];

/** Lays out a tensor of `shape` (1 to 4 axes). `exact` leaves out the rounding of rows; `extra` bytes are added to each. */
export function tensor(
  type: Stored,
  shape: Shape,
  { border = noBorder, exact = false, extra = 0 }: { border?: Border; exact?: boolean; extra?: number } = {},
): Tensor {
  const c = shape[shape.length - 1]!;
  const w = shape[shape.length - 2] ?? 1;
  const h = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const bytes = exactBytes(type, c);
  const pixel = (exact || type === 'i16' || type === 'bits' ? bytes : roundUp(bytes, 16)) + extra;
  const pitch = (w + border[1] + border[3]) * pixel;
  // Kernels may read a few vectors past the end, never write there.
  const region = {
    bytes: roundUp((h + border[0] + border[2]) * pitch + 128, 64),
    first: -1,
    last: -1,
    pinned: false,
    base: 0,
    local: false,
  };
  return { type, h, w, c, border, start: border[0] * pitch + border[1] * pixel, pixel, pitch, region };
}

/** Number of rows. */
export const rowsOf = ({ h, w }: Tensor): number => h * w;

/** Whether row r is at r * pixel. */
export const isLinear = ({ border }: Tensor): boolean => border.every((n) => n === 0);

/** Whether the elements follow each other without gaps. */
export const isDense = (t: Tensor): boolean =>
  isLinear(t) &&
  (rowsOf(t) === 1 || (t.type === 'bits' ? t.c % 32 === 0 : t.pixel === exactBytes(t.type, t.c)));

/** The tensor as one row for each line of the image; only where pixels follow each other without gaps. */
export const linesOf = (t: Tensor): Tensor => ({
  ...t,
  w: 1,
  c: t.w * t.c,
  border: noBorder,
  pixel: t.pitch,
});
