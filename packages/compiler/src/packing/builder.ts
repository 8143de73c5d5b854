// The plan under construction: the runtime's builder, which derives types and shapes, with equal constants stored once and
// maxima taken once.
import { createPlanBuilder, type PlanBuilder } from '@bitgrad/runtime';
import { shareMaxima } from './maxima.js';

/** An empty plan; equal constants (same type, shape, bytes) become one. */
export function createBuilder(): PlanBuilder {
  const builder = createPlanBuilder();
  const known = new Map<string, number>();
  return {
    ...builder,
    finish: (...args) => shareMaxima(builder.finish(...args)),
    weight(type, shape, data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      if (bytes.length > 65536) return builder.weight(type, shape, data);
      const key = `${type}:${shape.join('x')}:${bytes.join(',')}`;
      const found = known.get(key) ?? builder.weight(type, shape, data);
      known.set(key, found);
      return found;
    },
  };
}
