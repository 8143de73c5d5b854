import { E, type Expression } from '@bitgrad/bits';
import { defineOp, type OpOf } from './define.js';
import { operands } from './operands.js';

/**
 * Sum of two buffers. inputs: [a, b], both `f32` (y = fround(a + b)) or both `i32` (y = (a + b) mod 2^32, two's complement);
 * b has a's shape, or is one row: all axes 1 but the last, which equals a's; then it is added to every row.
 */
export const add = /* @__PURE__ */ defineOp({
  inputs: [2, 2],
  rule: (args) => operands(args, ['f32', 'i32']),
});

/** See {@link add}. */
export type AddOp = OpOf<'add', typeof add>;

/** Its value on `f32`: `y` is the second operand. */
export const addValue = (): Expression => E.add(E.input('x'), E.input('y'));
