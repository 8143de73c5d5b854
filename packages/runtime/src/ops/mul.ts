import { E, type Expression } from '@bitgrad/bits';
import { defineOp, type OpOf } from './define.js';
import { operands } from './operands.js';

/** Product of two buffers, `f32` only: y = fround(a * b); shapes as in `add`. */
export const mul = /* @__PURE__ */ defineOp({
  inputs: [2, 2],
  rule: (args) => operands(args, ['f32']),
});

/** See {@link mul}. */
export type MulOp = OpOf<'mul', typeof mul>;

/** Its value: `y` is the second operand. */
export const mulValue = (): Expression => E.mul(E.input('x'), E.input('y'));
