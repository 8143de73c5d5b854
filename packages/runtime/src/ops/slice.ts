import { perAxis } from './attributes.js';
import { defineOp, showSpec, type OpOf } from './define.js';

/** The elements from `begin` on, as many as the output's shape has; one entry for each axis. */
export const slice = defineOp({
  attributes: { begin: perAxis },
  rule({ a: { begin }, x, out, need }) {
    const { type, shape } = x[0]!;
    need(
      out.shape.length === shape.length && shape.every((size, i) => begin[i]! + out.shape[i]! <= size),
      'output',
      showSpec(out),
      `a part of ${showSpec(x[0]!)} from [${begin.join()}]`,
    );
    return { type, shape: out.shape };
  },
});

/** See {@link slice}. */
export type SliceOp = OpOf<'slice', typeof slice>;
