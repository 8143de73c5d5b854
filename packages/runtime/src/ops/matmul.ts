import type { BufferSpec } from '../plan.js';
import { elementCount } from '../tensors.js';
import { flag } from './attributes.js';
import { defineOp, needSpec, needType, type OpOf } from './define.js';

/**
 * Matrix product of two buffers. inputs: [a: [..., m, k], b: [..., k, n], or [..., n, k] with transposeB];
 * equal leading axes; output: [..., m, n]. Both `f32` -> `f32`, accumulated over k as in `dense`;
 * both `bits` (transposeB only) -> `i32`, exact.
 */
export const matmul = defineOp({
  inputs: [2, 2],
  attributes: { transposeB: flag },
  rule({ a: { transposeB }, x, need }) {
    const [a, b] = x as [BufferSpec, BufferSpec];
    needType(need, 'inputs[0]', a, transposeB ? ['f32', 'bits'] : ['f32']);
    const rank = a.shape.length;
    need(rank >= 2, 'inputs[0].shape', a.shape, '2 to 4 axes');
    const k = a.shape[rank - 1]!;
    const n = b.shape[rank - (transposeB ? 2 : 1)] ?? 1;
    const lead = a.shape.slice(0, -2);
    needSpec(need, 'inputs[1]', b, a.type, [...lead, ...(transposeB ? [n, k] : [k, n])]);
    const shape = [...lead, a.shape[rank - 2]!, n];
    return { type: a.type === 'f32' ? 'f32' : 'i32', shape, cost: elementCount(shape) * k };
  },
});

/** See {@link matmul}. */
export type MatmulOp = OpOf<'matmul', typeof matmul>;
