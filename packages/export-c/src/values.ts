// How tensors are stored in the generated C, and how it reads and writes one element.
import type { ElementType, Shape } from '@bitgrad/runtime';
import { channelCount, elementCount } from '@bitgrad/runtime';
import { plus, times } from './text.js';

/** What is stored. */
export interface Spec {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Bits of a word of a row of `bits`: the narrowest that holds the row, or 32. */
export const wordBits = (channels: number): 8 | 16 | 32 => (channels <= 8 ? 8 : channels <= 16 ? 16 : 32);

/**
 * The C type of an element, or of a word of bits. `u16`, `u32`, `i32` and `f32` are those of <stdint.h> and float, which may
 * follow one another in memory.
 */
export function typeOf({ type, shape }: Spec): string {
  const word = wordBits(channelCount(shape));
  if (type === 'bits') return word === 8 ? 'uint8_t' : `u${word}`;
  return { u8: 'uint8_t', i8: 'int8_t', i32: 'i32', f32: 'f32' }[type];
}

/** The type by which a user gives inputs and takes outputs. */
export const publicType = ({ type }: Spec): string =>
  type === 'u8' ? 'uint8_t' : type === 'i32' ? 'int32_t' : 'float';

/** Elements of the C type in a row (the last axis). */
export const rowLength = ({ type, shape }: Spec): number => {
  const channels = channelCount(shape);
  return type === 'bits' ? Math.ceil(channels / wordBits(channels)) : channels;
};

const sizes: Readonly<Record<ElementType, number>> = { bits: 0, u8: 1, i8: 1, i32: 4, f32: 4 };

/** Bytes of a row. */
export const rowBytes = (spec: Spec): number =>
  rowLength(spec) * (spec.type === 'bits' ? wordBits(channelCount(spec.shape)) / 8 : sizes[spec.type]);

/** Lines of a tensor: its first axis; a vector is one line. */
export const linesOf = (shape: Shape): number => (shape.length > 1 ? shape[0]! : 1);
/** Rows of a line. */
export const rowsOf = (shape: Shape): number => elementCount(shape) / channelCount(shape) / linesOf(shape);

/** The expression for element `c` (a C expression) of a row; of bits, its level. */
export function elementOf(spec: Spec, row: string, c: string): string {
  return spec.type === 'bits' ? `(1 - 2 * ${bitOf(spec, row, c)})` : `${row}[${c}]`;
}

/** The expression for bit `c` of a row. */
function bitOf(spec: Spec, row: string, c: string): string {
  const width = wordBits(channelCount(spec.shape));
  if (rowLength(spec) === 1) return `((int)(${row}[0] >> (${c})) & 1)`;
  return `((int)(${row}[(${c}) / ${width}] >> ((${c}) % ${width})) & 1)`;
}

/** A row at a number of rows behind a pointer. */
export const rowAt = (pointer: string, spec: Spec, row: string): string => {
  const offset = times(/[+ ]/.test(row) ? `(${row})` : row, rowLength(spec));
  return offset === '0' ? pointer : `(${pointer} + ${offset})`;
};

/** Row-major index of a position. */
export const indexText = (shape: Shape, at: readonly string[]): string =>
  plus(
    ...at.map((position, axis) => {
      const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      return times(/[+ ]/.test(position) ? `(${position})` : position, stride);
    }),
  );
