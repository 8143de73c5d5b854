// Sizes and storage of buffers and weights, and where buffers live in an engine's arena.
import { placeFirstFit, wordsPerRow, type Placement } from '@bitgrad/bits';
import { check } from './fail.js';
import type { ElementType, Plan, Shape, TensorData } from './plan.js';

/** Number of elements of a shape. */
export function elementCount(shape: Shape): number {
  check(Array.isArray(shape), 'invalid-option', 'shape', shape ?? 'nothing', 'a list of sizes');
  return shape.reduce((count, size) => count * size, 1);
}

/** Size of the last axis. */
export const channelCount = (shape: Shape): number => shape?.[shape.length - 1] as number;

/** Number of rows: elements divided by channels. */
export const rowCount = (shape: Shape): number => elementCount(shape) / channelCount(shape);

/** Length of the typed array that holds a tensor: words for `bits`, else elements. */
export const storageLength = (type: ElementType, shape: Shape): number =>
  type === 'bits' ? rowCount(shape) * wordsPerRow(channelCount(shape)) : elementCount(shape);

const constructors = {
  bits: Uint32Array,
  u8: Uint8Array,
  i8: Int8Array,
  i32: Int32Array,
  f32: Float32Array,
} as const;

/** Bytes of the typed array that holds a tensor. */
export const storageBytes = (type: ElementType, shape: Shape): number =>
  storageLength(type, shape) * constructors[type].BYTES_PER_ELEMENT;

/** A typed array for a tensor, over part of `buffer`. */
export const viewOf = (
  type: ElementType,
  shape: Shape,
  buffer: ArrayBufferLike,
  byteOffset: number,
): TensorData => new constructors[type](buffer as ArrayBuffer, byteOffset, storageLength(type, shape));

/** @throws BitgradError `invalid-option` for what cannot be a plan; `validatePlan` looks into one */
export function expectPlan(plan: Plan): void {
  const { buffers, weights, ops, input, output } = plan ?? {};
  const whole = [buffers, weights, ops].every(Array.isArray) && buffers[input] && buffers[output];
  check(!!whole, 'invalid-option', 'plan', plan ?? 'nothing', 'a valid plan, as decodeModel gives it');
}

/** Whether `data` is the typed array that holds `type`. */
export const isStorage = (type: ElementType, data: unknown): data is TensorData =>
  data instanceof constructors[type];

/** Rounds up to a multiple of a power of two. */
export const alignTo = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment;

/** Where each buffer of a plan lives in one block of memory; offsets are multiples of 64. */
export type Arena = Placement;

/**
 * Places the buffers of a valid plan in one block, first fit by decreasing size, so that two buffers overlap
 * only if they are never alive together. A buffer is alive from the op that writes it to the last op that
 * reads it, both included; the input from the start, the output to the end. An op's output thus never
 * overlaps its inputs.
 */
export function planArena(plan: Plan): Arena {
  expectPlan(plan);
  const count = plan.buffers.length;
  const first = new Array<number>(count).fill(-1);
  const last = new Array<number>(count).fill(-1);
  plan.ops.forEach((op, index) => {
    first[op.output] = last[op.output] = index;
    for (const input of op.inputs) last[input] = index;
  });
  last[plan.output] = plan.ops.length;
  return placeFirstFit(
    plan.buffers.map(({ type, shape }) => alignTo(storageBytes(type, shape), 64)),
    (i, j) => first[i]! <= last[j]! && first[j]! <= last[i]!,
  );
}
