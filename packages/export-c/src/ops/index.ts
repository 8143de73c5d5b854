// How each op is written in C. A new elementwise or rowwise op needs nothing here; another one is a line.
import { isElementwise, isRowwise, type Op } from '@bitgrad/runtime';
import type { OpText } from '../context.js';
import { quantize, threshold } from './decisions.js';
import { addIntegers, elementwise, rowwise } from './elements.js';
import { concat, constant, matmul, pad, reshape, slice, transpose } from './moves.js';
import { avgPool, maxPool } from './pools.js';
import { conv, dense, depthwise } from './products.js';

const texts: Readonly<Record<string, unknown>> = {
  conv,
  dense,
  depthwise,
  matmul,
  threshold,
  quantize,
  maxPool,
  avgPool,
  concat,
  pad,
  slice,
  reshape,
  transpose,
  constant,
};

/** The C of an op on inputs of a type. */
export function textOf(op: Op, type: string | undefined): OpText<Op> | undefined {
  if (op.op === 'add' && type === 'i32') return addIntegers as unknown as OpText<Op>;
  const own = isElementwise(op) ? elementwise : isRowwise(op) ? rowwise : texts[op.op];
  return own as OpText<Op> | undefined;
}
