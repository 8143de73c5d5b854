// What the kernels of the JS engine have in common: a step runs one op over preallocated typed arrays.
import type { BufferSpec, Op, TensorData, WeightSpec } from '../plan.js';

/** One op of an executable. */
export interface Step {
  /** Name of the kernel, for the report. */
  kernel: string;
  run: () => void;
  /** Bytes of weights and scratch that the step owns. */
  bytes?: number;
}

/** A buffer or weight with its data. */
export type Tensor<Spec extends WeightSpec = BufferSpec> = Spec & { data: TensorData };

/** What a step is made from. */
export interface StepArguments<O extends Op = Op> {
  op: O;
  x: readonly Tensor[];
  w: readonly Tensor<WeightSpec>[];
  out: Tensor;
}
