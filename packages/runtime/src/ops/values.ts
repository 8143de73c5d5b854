// The ops of single elements, each stated as an expression that engines render: one loop in JavaScript, the text of a shader,
// AssemblyScript. Every node is rounded to float32; `exp` is exp32 of @bitgrad/bits. Inputs: `x` and, of two operands,
// `y`; and every weight by its name, a value for each channel, in the order of the op's weights.
import type { Expression } from '@bitgrad/bits';
import { addValue } from './add.js';
import { affineValue } from './affine.js';
import { clampValue } from './clamp.js';
import type { Op } from './index.js';
import { mulValue } from './mul.js';
import { preluValue } from './prelu.js';
import { unaryValue } from './unary.js';

/** The names of ops that are elementwise expressions (`add` on floats only). */
export type ElementwiseName = 'add' | 'affine' | 'clamp' | 'mul' | 'prelu' | 'unary';

const values: { [Name in ElementwiseName]: (op: Extract<Op, { op: Name }>) => Expression } = {
  add: addValue,
  affine: affineValue,
  clamp: clampValue,
  mul: mulValue,
  prelu: preluValue,
  unary: unaryValue,
};

/** An op that is an elementwise expression. */
export type ElementwiseOp = Extract<Op, { op: ElementwiseName }>;

/** Whether an op is one; `add` is only on floats. */
export const isElementwise = (op: Op): op is ElementwiseOp => Object.hasOwn(values, op?.op);

/** The value of an elementwise op. */
export const valueOf = (op: ElementwiseOp): Expression => (values[op.op] as (op: Op) => Expression)(op);
