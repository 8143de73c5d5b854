import type { ElementType } from '../plan.js';
import { number, perAxis } from './attributes.js';
import { defineOp, type OpOf } from './define.js';

const holds = (type: ElementType, value: number): boolean => {
  if (type === 'f32') return true;
  if (!Number.isInteger(value)) return false;
  if (type === 'u8') return value >= 0 && value <= 255;
  return type === 'bits' ? Math.abs(value) === 1 : (value | 0) === value;
};

/** Extends each axis by `before` / `after` elements equal to `value` (`bits`: +1 or -1; integers in the type's range). */
export const pad = defineOp({
  attributes: { before: perAxis, after: perAxis, value: number() },
  rule({ a: { before, after, value }, x, need }) {
    const { type, shape } = x[0]!;
    need(holds(type, value), 'value', value, `a value of ${type}`);
    return { type, shape: shape.map((size, i) => size + before[i]! + after[i]!) };
  },
});

/** See {@link pad}. */
export type PadOp = OpOf<'pad', typeof pad>;
