import { elementCount } from '../tensors.js';
import { name } from './attributes.js';
import { defineOp, floatsToFloats, type OpOf } from './define.js';

/**
 * A smooth function of each element, `f32` -> `f32`, every step below rounded to float32 (fround), so engines
 * agree bit for bit. `exp32` is the exponential defined in js-engine/math.ts.
 * - `sigmoid`: e = exp32(-|x|);  y = x >= 0 ? 1 / (1 + e) : e / (1 + e)
 * - `tanh`: e = exp32(-2 |x|);  m = (1 - e) / (1 + e);  y = x < 0 ? -m : m
 * - `gelu`: y = (0.5 * x) * (1 + erf32(x * 0.70710678)), erf32 in js-engine/math.ts
 */
export const unary = defineOp({
  attributes: { function: name('sigmoid', 'tanh', 'gelu') },
  rule: (args) => ({ ...floatsToFloats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
});

/** See {@link unary}. */
export type UnaryOp = OpOf<'unary', typeof unary>;
