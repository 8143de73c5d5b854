// Reading records; their words and views are in src/engine/words.ts, filled in by src/engine/program.ts.
import { RecordWords, View } from '../../src/engine/words';

export const RECORD_BYTES: usize = RecordWords.size << 2;
export const VIEW_A: usize = RecordWords.a << 2;
export const VIEW_B: usize = RecordWords.b << 2;
export const VIEW_OUT: usize = RecordWords.out << 2;

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
  const base = address(view, View.base), step = word(view, View.step), width = word(view, View.width);
  if (width < 0) return scratch + base + <usize>((row - tileRow) * step);
  if (width == 0) return base + <usize>(row * step);
  const y = row / width;
  return base + <usize>(y * word(view, View.pitch) + (row - y * width) * step);
}
