// How an op is written in linear memory: RECORD_WORDS 32-bit words, filled in by src/engine/program.ts.
// A *view* says where the rows of a tensor are: address(row) = base + floor(row / width) * pitch
// + (row mod width) * step; width 0 is one long line, width -1 this thread's scratch, whose first row is the
// first row of the tile. Convolutions read their windows through views as well: step and pitch hold the strides.

export const RECORD_BYTES: usize = 160;
export const VIEW_A: usize = 8;
export const VIEW_B: usize = 24;
export const VIEW_OUT: usize = 40;

/** Word `index` of a record. */
// @ts-ignore: decorator
@inline export function word(op: usize, index: usize): i32 { return load<i32>(op + (index << 2)); }
/** Word `index` of a record as an address. */
// @ts-ignore: decorator
@inline export function address(op: usize, index: usize): usize { return <usize>load<u32>(op + (index << 2)); }

/** Per instance, so per thread: where its scratch is, and the first row of the tile in work. */
let scratch: usize = 0;
let tileRow: i32 = 0;

export function setScratch(base: usize): void { scratch = base; }
export function setTileRow(row: i32): void { tileRow = row; }
export function scratchBase(): usize { return scratch; }

/** Address of a row of a view. */
export function rowAt(view: usize, row: i32): usize {
  const base = <usize>load<u32>(view), step = load<i32>(view, 4), width = load<i32>(view, 8);
  if (width < 0) return scratch + base + <usize>((row - tileRow) * step);
  if (width == 0) return base + <usize>(row * step);
  const y = row / width;
  return base + <usize>(y * load<i32>(view, 12) + (row - y * width) * step);
}
