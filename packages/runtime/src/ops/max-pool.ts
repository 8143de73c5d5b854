import { defineOp, type OpOf } from './define.js';
import { pooled, windowAttributes } from './window.js';

/**
 * Maximum over a window. inputs: [x: any type, [h, w, c]]; output: same type, [outH, outW, c]. Padded taps
 * are ignored; every window has a real tap, since pads are smaller than the window (dilations are 1). On
 * `bits` the maximum is +1 if any tap is: the AND of the stored bits. `f32`: m = first real tap, then
 * m = v > m ? v : m over real taps in row-major order.
 */
export const maxPool = defineOp({
  attributes: windowAttributes,
  rule: (args) => pooled(args, args.x[0]!.type),
});

/** See {@link maxPool}. */
export type MaxPoolOp = OpOf<'maxPool', typeof maxPool>;
