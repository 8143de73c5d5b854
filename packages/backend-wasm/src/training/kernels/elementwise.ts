// BitgradElementwise: hands a linear program (see @bitgrad/core) to the interpreter in assembly/training/elementwise.ts.
import type { ElementwiseProgram } from '@bitgrad/core';
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

const FULL = 0;
const SCALAR = 1;
const VECTOR = 2;

/** BitgradElementwise: every forward F and every dy * B(x) that is given as an expression. */
export const elementwise: KernelFamily = ({ heap, call }) => ({
  BitgradElementwise({ inputs, attrs }) {
    const { program, shape } = attrs as unknown as { program: ElementwiseProgram; shape: number[] };
    const { code, constants, registers, result } = program;
    const count = util.sizeFromShape(shape);
    const width = shape.at(-1) ?? 1;
    const tensors = program.inputs.map((_, i) => inputs[`i${i}`]!);
    const out = heap.output(shape);
    const [codeAt, table, constantsAt, space] = heap.scratch(
      code.byteLength,
      tensors.length * 8,
      constants.length * 4,
      call('elementwiseSpace', { registers }),
    );
    const { buffer } = heap.memory;
    new Int32Array(buffer, codeAt, code.length).set(code);
    new Float32Array(buffer, constantsAt, constants.length).set(constants);
    const entries = new Int32Array(buffer, table, tensors.length * 2);
    tensors.forEach((tensor, i) => {
      const size = util.sizeFromShape(tensor.shape);
      entries[2 * i] = heap.address(tensor);
      entries[2 * i + 1] = size === 1 ? SCALAR : size === count ? FULL : VECTOR;
    });
    call('elementwise', {
      ...{ code: codeAt, steps: code.length / 5, inputs: table, inputCount: tensors.length },
      ...{ constants: constantsAt, constantCount: constants.length, registers, result, space },
      ...{ out: heap.address(out), i0: 0, i1: count, c: width },
    });
    return out;
  },
});
