// Reading elements of operands and writing output words, by element type.
import { wordsPerRow } from '@bitgrad/bits';
import { channelCount, elementCount, type BufferSpec } from '@bitgrad/runtime';

/** The type of a kernel's values for elements of a type: levels and bytes are integers. */
export const valueType = (type: string): 'f32' | 'i32' => (type === 'f32' ? 'f32' : 'i32');

/** Source of `fn x0(i: i32)` for operand 0, and so on: element i, row-major; packed levels as +1 and -1. */
export function reader(operand: number, { type, shape }: BufferSpec): string {
  const head = `fn x${operand}(i: i32) -> ${valueType(type)}`;
  const w = `w${operand}`;
  if (type === 'f32') return `${head} { return floatOf(${w}(i)); }`;
  if (type === 'i32') return `${head} { return i32(${w}(i)); }`;
  if (type === 'u8') return `${head} { return i32((${w}(i >> 2u) >> (u32(i & 3) * 8u)) & 255u); }`;
  const c = channelCount(shape);
  const at = c % 32 === 0 ? 'i' : `(i / ${c}) * ${32 * wordsPerRow(c)} + i % ${c}`;
  return `${head} { let at: i32 = ${at}; return 1 - 2 * i32((${w}(at >> 5u) >> u32(at & 31)) & 1u); }`;
}

/** Source of `fn word(i: i32) -> u32` from `fn elem(i: i32)`, the value of output element i. */
export function writer({ type, shape }: BufferSpec): string {
  if (type === 'f32') return 'fn word(i: i32) -> u32 { return bitsOf(elem(i)); }';
  if (type === 'i32') return 'fn word(i: i32) -> u32 { return u32(elem(i)); }';
  if (type === 'u8')
    return `fn word(i: i32) -> u32 {
  var gathered: u32 = 0u;
  for (var j: i32 = 0; j < 4; j++) {
    if (i * 4 + j < ${elementCount(shape)}) { gathered |= u32(elem(i * 4 + j)) << (u32(j) * 8u); }
  }
  return gathered;
}`;
  const c = channelCount(shape);
  const stride = wordsPerRow(c);
  return `fn word(i: i32) -> u32 {
  var gathered: u32 = 0u;
  let first: i32 = (i % ${stride}) * 32;
  for (var j: i32 = 0; j < min(32, ${c} - first); j++) {
    if (elem((i / ${stride}) * ${c} + first + j) < 0) { gathered |= 1u << u32(j); }
  }
  return gathered;
}`;
}

/** Elements in one output word. */
export const elementsPerWord = ({ type, shape }: BufferSpec): number =>
  type === 'bits' ? Math.min(32, channelCount(shape)) : type === 'u8' ? 4 : 1;
