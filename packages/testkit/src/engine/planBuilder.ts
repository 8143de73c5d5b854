// Buffers, weights and ops of a plan under construction, with random contents.
import type { BufferSpec, Op, Shape, TensorData, WeightSpec } from '@bitgrad/runtime';
import type { TestRandom } from './random.js';

/** A buffer, and what is known of its values. */
export interface Tracked extends BufferSpec {
  /** Largest magnitude, and the power of two that all values are multiples of (0: rounded values). */
  max: number;
  quantum: number;
  /** Computed by a transcendental function: only equal to a tolerance. */
  approximate?: boolean;
}

/** Elements of a shape. */
export const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
/** Size of the last axis. */
export const last = (shape: Shape): number => shape[shape.length - 1]!;

/** Collects buffers, weights and ops of a random plan. */
export class PlanBuilder {
  readonly buffers: Tracked[] = [];
  readonly weights: WeightSpec[] = [];
  readonly data: TensorData[] = [];
  readonly ops: Op[] = [];
  constructor(readonly random: TestRandom) {}

  weight(type: WeightSpec['type'], shape: Shape, value: (i: number) => number): number {
    const c = last(shape);
    const stride = Math.ceil(c / 32);
    const n = count(shape);
    let array: TensorData;
    if (type === 'bits') {
      array = new Uint32Array((n / c) * stride);
      for (let i = 0; i < n; i++)
        if (value(i) < 0) array[Math.floor(i / c) * stride + ((i % c) >> 5)]! |= 1 << ((i % c) & 31);
    } else {
      array = new { u8: Uint8Array, i8: Int8Array, i32: Int32Array, f32: Float32Array }[type](n);
      for (let i = 0; i < n; i++) array[i] = value(i);
    }
    this.weights.push({ type, shape });
    this.data.push(array);
    return this.weights.length - 1;
  }

  random_(type: WeightSpec['type'], shape: Shape): number {
    const { int } = this.random;
    const draw = {
      bits: () => int(0, 1) * 2 - 1,
      u8: () => int(0, 255),
      i8: () => int(-128, 127),
      i32: () => int(-1000, 1000),
      f32: () => int(-8, 8) / 4,
    }[type];
    return this.weight(type, shape, draw);
  }

  push(op: Record<string, unknown>, out: Tracked): number {
    this.buffers.push(out);
    this.ops.push({ ...op, output: this.buffers.length - 1 } as unknown as Op);
    return this.buffers.length - 1;
  }

  window(shape: Shape, pooling: boolean) {
    const { int } = this.random;
    const kernel = [int(1, 3), int(1, 3)];
    const dilations = pooling ? [1, 1] : [int(1, 2), int(1, 2)];
    const extent = kernel.map((k, axis) => (k - 1) * dilations[axis]! + 1);
    const pads = [0, 1, 0, 1].map((axis) => int(0, Math.min(2, extent[axis]! - 1)));
    const strides = [int(1, 2), int(1, 3)];
    const room = [0, 1].map((axis) => shape[axis]! + pads[axis]! + pads[axis + 2]! - extent[axis]!);
    if (room.some((r) => r < 0)) return undefined;
    return {
      kernel,
      strides,
      dilations,
      pads,
      out: room.map((r, axis) => Math.floor(r / strides[axis]!) + 1),
    };
  }
}
