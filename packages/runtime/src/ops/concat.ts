import { axis as axisAttribute } from './attributes.js';
import { defineOp, needSpec, type OpOf } from './define.js';

/** Joins 2 to 64 inputs of one type along `axis` (0-based); the other axes are equal. */
export const concat = defineOp({
  inputs: [2, 64],
  attributes: { axis: axisAttribute },
  rule({ a: { axis }, x, need }) {
    const shape = [...x[0]!.shape];
    for (const [i, spec] of x.entries()) {
      if (i === 0) continue;
      const size = spec.shape[axis] ?? 1;
      const wanted = x[0]!.shape.map((s, j) => (j === axis ? size : s));
      needSpec(need, `inputs[${i}]`, spec, x[0]!.type, wanted);
      shape[axis]! += size;
    }
    return { type: x[0]!.type, shape };
  },
});

/** See {@link concat}. */
export type ConcatOp = OpOf<'concat', typeof concat>;
