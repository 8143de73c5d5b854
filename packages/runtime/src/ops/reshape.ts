import { elementCount } from '../tensors.js';
import { defineOp, showSpec, type OpOf } from './define.js';

/** The same elements in the same row-major order under another shape; `bits` rows are packed anew. */
export const reshape = defineOp({
  rule({ x, out, need }) {
    const { type, shape } = x[0]!;
    const elements = elementCount(shape);
    need(elementCount(out.shape) === elements, 'output', showSpec(out), `${elements} elements`);
    return { type, shape: out.shape };
  },
});

/** See {@link reshape}. */
export type ReshapeOp = OpOf<'reshape', typeof reshape>;
