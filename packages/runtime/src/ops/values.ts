// The ops of single elements and of rows, each stated as an expression that engines render: one loop in JavaScript, the text of a shader,
// AssemblyScript. Every node is rounded to float32; `exp` is exp32 of @bitgrad/bits. Inputs: `x` and, of two operands,
// `y`; and every weight by its name, a value for each channel, in the order of the op's weights.
import type { Expression } from '@bitgrad/bits';
import { addValue } from './add.js';
import { affineValue } from './affine.js';
import { clampValue } from './clamp.js';
import type { Op } from './index.js';
import { layerNormRow, type LayerNormOp } from './layer-norm.js';
import { mulValue } from './mul.js';
import { preluValue } from './prelu.js';
import { softmaxRow } from './softmax.js';
import { unaryValue } from './unary.js';

/** The names of ops that are elementwise expressions (`add` on floats only). */
export type ElementwiseName = 'add' | 'affine' | 'clamp' | 'mul' | 'prelu' | 'unary';

/** Values by name of the op; `registerOp` adds to them. */
export const values: { [Name in ElementwiseName]: (op: Extract<Op, { op: Name }>) => Expression } = {
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

/** A named step over a row. */
export interface RowStep {
  /** What later steps and the value read it as. */
  readonly name: string;
  /** A value for each element, of `x`, weights and the steps before. */
  readonly of: Expression;
  /** Makes one number of them: `max`, m = first, then m = v > m ? v : m; `sum`, s = +0, then s = fround(s + v), in order. */
  readonly over?: 'max' | 'sum';
  /** A function of that number, `total`, which takes its place. */
  readonly then?: Expression;
}

/** An op whose output row depends on the same row of its input: steps one after another, then the value of each element. */
export interface RowValue {
  readonly steps: readonly RowStep[];
  readonly value: Expression;
}

const rows: {
  layerNorm: (op: LayerNormOp, channels: number) => RowValue;
  softmax: typeof softmaxRow;
} = { layerNorm: layerNormRow, softmax: softmaxRow };

/** An op that is a {@link RowValue}. */
export type RowwiseOp = Extract<Op, { op: keyof typeof rows }>;

/** Whether an op is one. */
export const isRowwise = (op: Op): op is RowwiseOp => Object.hasOwn(rows, op?.op);

/** The row of a rowwise op on `channels` channels. */
export const rowOf = (op: RowwiseOp, channels: number): RowValue =>
  (rows[op.op] as (op: Op, channels: number) => RowValue)(op, channels);

/** Ops that engines have kernels of their own for, `add` on integers among them. */
export type PlainName = Exclude<Op['op'], Exclude<ElementwiseName, 'add'> | RowwiseOp['op']>;
