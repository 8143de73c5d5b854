import { E, type Expression } from '@bitgrad/bits';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/**
 * PReLU between two shifts (ReActNet's RPReLU; plain PReLU with shifts 0). inputs: [x: `f32` [..., c]];
 * weights: [before, slope, after: `f32` [c]]; output `f32`:
 * t = fround(x + before[c]);  u = t >= 0 ? t : fround(t * slope[c]);  y = fround(u + after[c]).
 */
export const prelu = /* @__PURE__ */ defineOp({
  weights: ['before', 'slope', 'after'],
  rule: floatsToFloats,
});

/** See {@link prelu}. */
export type PreluOp = OpOf<'prelu', typeof prelu>;

/** Its value. */
export function preluValue(): Expression {
  const t = E.add(E.input('x'), E.input('before'));
  return E.add(E.select(E.ge(t, 0), t, E.mul(t, E.input('slope'))), E.input('after'));
}
