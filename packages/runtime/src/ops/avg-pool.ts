import { defineOp, type OpOf } from './define.js';
import { pooled, windowAttributes } from './window.js';

/**
 * Mean over a window's real taps. inputs: [x: any type, [h, w, c]]; output: `f32` [outH, outW, c].
 * n = number of real taps. Integers: y = fround(fround(sum) / n), the sum taken mod 2^32 (two's complement). `f32`: s = +0, then s = fround(s + v)
 * over real taps in row-major order, y = fround(s / n). kernel = [h, w] is global average pooling.
 * Dilations are 1, pads smaller than the window.
 */
export const avgPool = defineOp({
  attributes: windowAttributes,
  rule: (args) => pooled(args, 'f32'),
});

/** See {@link avgPool}. */
export type AvgPoolOp = OpOf<'avgPool', typeof avgPool>;
