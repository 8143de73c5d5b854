// Collects the buffers, weights and ops of a plan. It knows nothing of layers.
import type { BufferSpec, ElementType, Op, PackedModel, Plan, Shape, TensorData } from '@bitgrad/runtime';
import { planVersion } from '@bitgrad/runtime';

/** Omit that keeps the members of a union apart. */
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An op without its output, which the builder numbers. */
export type OpDraft = DistributiveOmit<Op, 'output'>;

/** A plan under construction. */
export interface PlanBuilder {
  /** A buffer of its own, such as the input. */
  buffer(type: BufferSpec['type'], shape: Shape): number;
  /** A constant; equal constants (same type, shape, bytes) are stored once. */
  weight(type: ElementType, shape: Shape, data: TensorData): number;
  /** Appends an op that writes a new buffer of this type and shape, and returns the buffer. */
  op(draft: OpDraft, type: BufferSpec['type'], shape: Shape): number;
  spec(buffer: number): BufferSpec;
  finish(input: number, output: number, metadata: PackedModel['metadata']): PackedModel;
}

/** An empty plan. */
export function createBuilder(): PlanBuilder {
  const buffers: BufferSpec[] = [];
  const ops: Op[] = [];
  const specs: Plan['weights'][number][] = [];
  const weights: TensorData[] = [];
  const known = new Map<string, number>();
  const builder: PlanBuilder = {
    buffer: (type, shape) => buffers.push({ type, shape: [...shape] }) - 1,
    weight(type, shape, data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const key = bytes.length <= 65536 ? `${type}:${shape.join('x')}:${bytes.join(',')}` : '';
      const found = known.get(key);
      if (key && found !== undefined) return found;
      specs.push({ type, shape: [...shape] });
      const index = weights.push(data) - 1;
      if (key) known.set(key, index);
      return index;
    },
    op(draft, type, shape) {
      const output = builder.buffer(type, shape);
      ops.push({ ...draft, output } as Op);
      return output;
    },
    spec: (buffer) => buffers[buffer]!,
    finish: (input, output, metadata) => ({
      plan: { version: planVersion, input, output, buffers, weights: specs, ops },
      weights,
      metadata,
    }),
  };
  return builder;
}
