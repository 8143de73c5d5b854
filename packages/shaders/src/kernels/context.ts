// What the kernels of an op are made from, and the helper for ops that compute one element at a time.
import type { BufferSpec, Op, TensorData, WeightSpec } from '@bitgrad/runtime';
import { elementsPerWord, reader, writer } from '../access.js';
import type { ShaderKernel, Ref } from '../program.js';
import { wordsOf } from '../weights.js';

/** An operand of the op with its buffer. */
export interface Input extends BufferSpec {
  ref: Ref;
}

/** A weight of the op. */
export interface Weight extends WeightSpec {
  data: TensorData;
}

/** A kernel without the bookkeeping that lowering adds. */
export type Draft = Omit<ShaderKernel, 'op' | 'fused' | 'write'>;

/** What an op is lowered with. */
export interface Context<O extends Op = Op> {
  op: O;
  x: readonly Input[];
  w: readonly Weight[];
  out: BufferSpec;
  /** Stores a constant of so many words, which is made when they are within the limit; equal arrays are stored once for each call. */
  constant(words: number, make: () => Uint32Array): Ref;
  /** Adds a kernel that writes a temporary buffer of so many words. */
  temporary(draft: Draft, words: number): Ref;
}

/** Stores a weight as it is. */
export const weightConstant = ({ constant }: Pick<Context, 'constant'>, { data }: Weight): Ref =>
  constant(Math.ceil(data.byteLength / 4), () => wordsOf(data));

/** A kernel from `fn elem(i: i32)`: operand j is read by `xj(i)`, constants as words by `wj(i)` after the inputs. */
export const elementwise = (
  name: string,
  { x, out }: Context,
  body: string,
  constants: readonly Ref[] = [],
  loadsPerElement = x.length + constants.length,
): Draft => ({
  name,
  reads: [...x.map(({ ref }) => ref), ...constants],
  code: [...x.map((input, j) => reader(j, input)), body, writer(out)].join('\n'),
  loads: loadsPerElement * elementsPerWord(out),
});
