// A random plan under construction, and what is known of the values in it.
import { exactFloat32, windowExtent } from '@bitgrad/bits';
import {
  createPlanBuilder,
  type OpDraft,
  type Shape,
  type TensorData,
  type WeightSpec,
} from '@bitgrad/runtime';
import type { TestRandom } from '../random.js';

/** What is known of the values of a buffer. */
export interface Known {
  /** Largest magnitude, and the power of two that all values are multiples of (0: rounded values). */
  readonly max: number;
  readonly quantum: number;
  /** Computed by a transcendental function: only equal to a tolerance. */
  readonly approximate?: boolean | undefined;
}

/** Elements of a shape. */
export const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
/** Size of the last axis. */
export const last = (shape: Shape): number => shape[shape.length - 1]!;

/** Whether sums of such values are exact in float32. */
export const exactFloat = (max: number, quantum: number): boolean =>
  quantum > 0 && max / quantum < exactFloat32;

const arrays = { u8: Uint8Array, i8: Int8Array, i32: Int32Array, f32: Float32Array };

/** The data of a weight of given values. */
export function storage(type: WeightSpec['type'], shape: Shape, value: (i: number) => number): TensorData {
  const c = last(shape);
  const n = count(shape);
  if (type !== 'bits') {
    const array = new arrays[type](n);
    for (let i = 0; i < n; i++) array[i] = value(i);
    return array;
  }
  const stride = Math.ceil(c / 32);
  const words = new Uint32Array((n / c) * stride);
  for (let i = 0; i < n; i++)
    if (value(i) < 0) words[Math.floor(i / c) * stride + ((i % c) >> 5)]! |= 1 << ((i % c) & 31);
  return words;
}

/** Starts a plan. */
export function growingPlan(random: TestRandom) {
  const { int } = random;
  const builder = createPlanBuilder();
  const known: Known[] = [];
  const draws = {
    bits: () => int(0, 1) * 2 - 1,
    u8: () => int(0, 255),
    i8: () => int(-128, 127),
    i32: () => int(-1000, 1000),
    f32: () => int(-8, 8) / 4,
  };
  const weight = (
    type: WeightSpec['type'],
    shape: Shape,
    value: (i: number) => number = draws[type],
  ): number => builder.weight(type, shape, storage(type, shape, value));
  return {
    builder,
    random,
    known,
    /** A weight with random contents, or values of index i. */
    weight,
    /** So many weights of a value a channel. */
    channelwise: (c: number, n: number): number[] => Array.from({ length: n }, () => weight('f32', [c])),
    /** Appends an op whose result has known values. */
    op(draft: Record<string, unknown>, { max, quantum, approximate }: Known, shape?: Shape): void {
      builder.op(draft as unknown as OpDraft, shape);
      known.push({ max, quantum, approximate });
    },
    /** A window that fits an image, or undefined. */
    window(shape: Shape, pooling: boolean) {
      const kernel = [int(1, 3), int(1, 3)];
      const dilations = pooling ? [1, 1] : [int(1, 2), int(1, 2)];
      const extent = kernel.map((k, axis) => windowExtent(k, dilations[axis]!));
      const pads = [0, 1, 0, 1].map((axis) => int(0, Math.min(2, extent[axis]! - 1)));
      const strides = [int(1, 2), int(1, 3)];
      const fits = [0, 1].every((axis) => shape[axis]! + pads[axis]! + pads[axis + 2]! >= extent[axis]!);
      return fits ? { kernel, strides, dilations, pads } : undefined;
    },
  };
}

/** See {@link growingPlan}. */
export type GrowingPlan = ReturnType<typeof growingPlan>;

/** The buffer that an op reads. */
export interface Source extends Known {
  readonly index: number;
  readonly type: 'bits' | 'u8' | 'i32' | 'f32';
  readonly shape: Shape;
}

/** Buffer i with what is known of it. */
export const sourceOf = ({ builder, known }: GrowingPlan, index: number): Source => ({
  index,
  ...builder.buffers[index]!,
  ...known[index]!,
});

/** All buffers that a second operand may be. */
export const sources = (plan: GrowingPlan, fits: (y: Source) => boolean): Source[] =>
  plan.known.map((_, i) => sourceOf(plan, i)).filter((y) => !y.approximate && fits(y));

/** Appends an op that reads a buffer, if it fits; returns whether it did. */
export type Grower = (plan: GrowingPlan, x: Source) => boolean;
