// Elementwise kernels: hand a linear program to the interpreter in assembly/training/elementwise.ts.
import { E, linearize, type ElementwiseProgram, type Expression } from '@bitgrad/bits';
import type { Kernel } from '@bitgrad/core';
import { backend_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelContext, KernelFamily } from './family.js';
import { FULL, loadProgram, programBytes, SCALAR, VECTOR } from './program.js';

/** Numbers from which sums and products of tensors are ours, which run on threads; the stock kernels take the rest. */
const LARGE = 4096;

/** An input's kind, undefined where the interpreter does not broadcast so. */
function kindOf({ shape }: TensorInfo, to: readonly number[]): number | undefined {
  const size = util.sizeFromShape([...shape]);
  if (util.arraysEqual([...shape], [...to])) return FULL;
  if (size === 1) return SCALAR;
  return size === to.at(-1) && shape.at(-1) === size ? VECTOR : undefined;
}

/** Runs a program on tensors; there is one kind for each. */
export function evaluate(
  { heap, run }: KernelContext,
  kernel: string,
  program: ElementwiseProgram,
  operands: { tensors: readonly TensorInfo[]; kinds: readonly number[]; shape: number[] },
): TensorInfo {
  const { tensors, kinds, shape } = operands;
  const count = util.sizeFromShape(shape);
  const out = heap.output(shape);
  const inputs = tensors.map((tensor) => heap.address(tensor));
  run(kernel, (count * program.code.length) / 5, (job) => {
    const bytes = programBytes(job, program, 1);
    const places = job.scratch(...bytes);
    const c = shape.at(-1) ?? 1;
    loadProgram(job, program, bytes, places)({ inputs, kinds, out: heap.address(out), count, c });
  });
  return out;
}

const [a, b] = [E.input('a'), E.input('b')];

/** A sum, difference or product of large tensors. */
const arithmetic = (context: KernelContext, kernel: string, expression: Expression): Kernel => {
  const program = linearize(expression, ['a', 'b']);
  return ({ inputs }) => {
    const tensors = [inputs['a']!, inputs['b']!];
    if (tensors.some(({ dtype }) => dtype !== 'float32')) return null;
    const shape = backend_util.assertAndGetBroadcastShape(tensors[0]!.shape, tensors[1]!.shape);
    if (util.sizeFromShape(shape) < LARGE) return null;
    const kinds = tensors.map((tensor) => kindOf(tensor, shape));
    if (!kinds.every((kind) => kind !== undefined)) return null;
    return evaluate(context, kernel, program, { tensors, kinds, shape });
  };
};

/** Add, Sub and Multiply, which stock wasm runs on one thread. */
export const arithmetics: KernelFamily = (context) => ({
  Add: arithmetic(context, 'Add', E.add(a, b)),
  Sub: arithmetic(context, 'Sub', E.sub(a, b)),
  Multiply: arithmetic(context, 'Multiply', E.mul(a, b)),
});

/** BitgradElementwise: every forward F and every dy * B(x) that is given as an expression. */
export const elementwise: KernelFamily = (context) => ({
  BitgradElementwise({ inputs, attrs }) {
    const { program, shape } = attrs as unknown as { program: ElementwiseProgram; shape: number[] };
    const tensors = program.inputs.map((_, i) => inputs[`i${i}`]!);
    const kinds = tensors.map((tensor) => kindOf(tensor, shape) ?? VECTOR);
    return evaluate(context, 'BitgradElementwise', program, { tensors, kinds, shape });
  },
});
