// Strided copies: what ops that only move elements (lower-moves.ts, reshape) and the conversions that other ops need become.
import { failure } from './errors.js';
import { Element, Opcode } from './opcodes.js';
import { emit, openGroup, pinned, type Program, type Word } from './program.js';
import { isDense, isLinear, rowsOf, tensor, unitBytes, type Stored, type Tensor } from './tensors.js';
import { Border, Copy } from './words.js';

/** An axis of a copy: length and the strides of source and target, in elements. */
export interface Axis {
  count: number;
  from: number;
  to: number;
}

/** Elements between successive lines, pixels and channels; a bits element is a quarter byte. */
export function strides(t: Tensor): number[] {
  const perByte = t.type === 'bits' ? 4 : 1 / unitBytes(t.type);
  return [t.pitch * perByte, t.pixel * perByte, 1];
}

/** Axes of a copy between parts of two tensors, `counts` elements along each axis. */
export const axesOf = (counts: readonly number[], from: readonly number[], to: readonly number[]): Axis[] =>
  counts.map((count, i) => ({ count, from: from[i]!, to: to[i]! }));

/** Of a tensor, outermost first. */
export const sizes = ({ h, w, c }: Tensor): number[] => [h, w, c];

const element: Readonly<Record<Stored, Element>> = {
  bits: Element.bits,
  u8: Element.u8,
  i16: Element.i16,
  i32: Element.word,
  f32: Element.word,
};

/**
 * One copy. `source` null fills with `value`.
 * @param axes outermost first, the last one is the innermost; at most 5
 */
export function copy(
  program: Program,
  source: Tensor | null,
  target: Tensor,
  axes: readonly Axis[],
  start: { from?: number; to?: number; value?: number } = {},
): void {
  const merged: Axis[] = [];
  for (const axis of axes) {
    const outer = merged[merged.length - 1];
    if (axis.count === 1 && outer) continue;
    if (outer && outer.from === axis.count * axis.from && outer.to === axis.count * axis.to)
      Object.assign(outer, axis, { count: outer.count * axis.count });
    else if (outer?.count === 1) Object.assign(outer, axis);
    else merged.push({ ...axis });
  }
  // A row of levels counts as whole words.
  for (const way of ['from', 'to'] as const) {
    const got = axes.reduce((at, axis) => at + (axis.count - 1) * axis[way], start[way] ?? 0);
    if (got >= 2 ** 31) throw failure('limit-exceeded', { what: 'elements moved', got, expected: '< 2^31' });
  }
  const inner = merged.pop()!;
  const outer = merged.reverse();
  const rows = outer.reduce((n, { count }) => n * count, 1);
  // Threads may not write bits of the same byte: then one tile does it all.
  const shared =
    target.type === 'bits' && (merged.some(({ to }) => to % 4 !== 0) || (start.to ?? 0) % 4 !== 0);
  const group = openGroup(program, rows, 1, { open: false, divisible: !shared });
  const words: { [place: number]: Word } & Record<Copy, Word> = {
    [Copy.source]: source ? pinned(source) : 0,
    [Copy.target]: pinned(target),
    [Copy.from]: source ? element[source.type] : Element.fill,
    [Copy.to]: element[target.type],
    [Copy.count]: inner.count,
    [Copy.sourceStep]: inner.from,
    [Copy.targetStep]: inner.to,
    [Copy.axes]: 1,
    [Copy.sourceStart]: start.from ?? 0,
    [Copy.targetStart]: start.to ?? 0,
    [Copy.value]: start.value ?? 0,
  };
  for (let i = 0, at = Copy.axes; i < 4; i++, at += 3) {
    words[at] = outer[i]?.count ?? 1;
    words[at + 1] = outer[i]?.from ?? 0;
    words[at + 2] = outer[i]?.to ?? 0;
  }
  emit(program, group, Opcode.copy, words, source ? [source] : [], target);
}

/**
 * Zeroes a tensor of levels before copies write to it. Levels that are not moved by whole bytes are written one at a time
 * into what the byte holds, and the memory still has what earlier tensors left there; products read the unused half of every
 * byte, and the unused levels behind the last channel.
 */
export function clear(program: Program, target: Tensor): void {
  if (target.type !== 'bits') return;
  const group = openGroup(program, 1, 1, { open: false });
  target.region.pinned = true;
  const words = { [Border.base]: (): number => target.region.base, [Border.above]: target.region.bytes };
  emit(program, group, Opcode.border, words, [], target);
}

/** Copies all elements, converting types: u8, bits -> i16 and equal types. Returns the target. */
export function copyTensor(program: Program, source: Tensor, target: Tensor): Tensor {
  clear(program, target);
  copy(program, source, target, axesOf(sizes(source), strides(source), strides(target)));
  return target;
}

/** The same elements in another shape: an alias where the layouts agree, else a copy to and from a dense row. */
export function reshaped(program: Program, source: Tensor, target: Tensor): Tensor {
  const { region, pixel, c, w } = source;
  if (c === target.c && isLinear(source) && isLinear(target))
    return { ...target, region, pixel, pitch: target.w * pixel };
  const inRow = (t: Tensor): number[] => [t.w * t.c, t.c, 1];
  let flat = region;
  if (!isDense(source)) {
    const row = tensor(source.type, [rowsOf(source) * c]);
    clear(program, row);
    copy(program, source, row, axesOf([source.h, w, c], strides(source), inRow(source)));
    flat = row.region;
  }
  if (isDense(target)) return { ...target, region: flat };
  const row = { ...tensor(source.type, [rowsOf(source) * c]), region: flat };
  clear(program, target);
  copy(program, row, target, axesOf(sizes(target), inRow(target), strides(target)));
  return target;
}
