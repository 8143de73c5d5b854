// The execution plan: a plain-data, JSON-safe list of ops over numbered buffers. With the definitions in ops/ it is the
// contract between the compiler (which writes plans), the file format (which stores them) and the engines (which run
// them). Each definition states the arithmetic of its op exactly, so that two engines that follow it agree bit for bit.
// The walk over an untrusted plan is in validate/, the reference implementation in js-engine/.
import type { Op } from './ops/index.js';

/**
 * Element types of buffers and weights.
 *
 * | type   | stands for                         | stored as                                             |
 * |--------|------------------------------------|-------------------------------------------------------|
 * | `bits` | the levels +1 (bit 0), -1 (bit 1)  | rows of the last axis, packed in 32-bit words (@bitgrad/bits layout); unused high bits of a row's last word are 0 |
 * | `u8`   | integers 0..255                    | Uint8Array                                            |
 * | `i8`   | integers -128..127 (weights only)  | Int8Array                                             |
 * | `i32`  | integers, two's complement         | Int32Array                                            |
 * | `f32`  | IEEE-754 binary32                  | Float32Array                                          |
 */
export type ElementType = 'bits' | 'u8' | 'i8' | 'i32' | 'f32';

/**
 * Sizes of the axes, 1 to 4 of them, each >= 1, row-major. There is no batch axis: a plan describes one
 * example, and `Executable.run` repeats it. Images are [height, width, channels] (NHWC without N), vectors
 * [channels], token sequences [tokens, channels]. "Channels" below always means the last axis, and a "row"
 * the elements along it; the number of rows is the product of the other axes (1 for a vector).
 */
export type Shape = readonly number[];

/** A numbered value of the plan. Each buffer is written by exactly one op (or is the input), before any op reads it. */
export interface BufferSpec {
  type: Exclude<ElementType, 'i8'>;
  shape: Shape;
}

/** A constant tensor; its data is `PackedModel.weights[index]`, a typed array of the type's storage. */
export interface WeightSpec {
  type: ElementType;
  shape: Shape;
}

/** Typed arrays that hold weights and buffers: Uint32Array for `bits`, else as in {@link ElementType}. */
export type TensorData = Uint32Array | Uint8Array | Int8Array | Int32Array | Float32Array;

/**
 * A whole network.
 *
 * Invariants (checked by `validatePlan`): `ops` are in execution order; every buffer other than `input` is
 * the `output` of exactly one op, and no op writes `input`; an op's inputs were written before; `output` is
 * written. `input` has type `u8` or `f32`, `output` `f32` or `i32`. Where a buffer lives in memory is the
 * engine's business; an engine may fuse, reorder or skip ops as long as the value of `output` is unchanged.
 */
export interface Plan {
  /** Version of the op semantics in this file: {@link planVersion}. */
  version: number;
  input: number;
  output: number;
  buffers: readonly BufferSpec[];
  weights: readonly WeightSpec[];
  ops: readonly Op[];
}

/** The version of the semantics stated here. A new op or attribute raises it; old plans keep their meaning. */
export const planVersion = 1;

/** What every op has. `name` is the layer it came from, for reports and errors; it has no effect. */
export interface OpBase<Name extends string> {
  op: Name;
  name?: string;
  /** Buffers read. */
  inputs: readonly number[];
  /** Weights read, in the order that the op documents. */
  weights?: readonly number[];
  /** The buffer written. */
  output: number;
}

export type { Op, OpName } from './ops/index.js';
