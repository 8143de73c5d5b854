// Lowers ops that few models have: a page loads it with a plan that has one. What the engine has already comes as a kit, so
// that bundlers keep this file apart.
import type { Op, TensorData } from '@bitgrad/runtime';
import type { Kit } from './kit.js';
import { lowerDepthwise } from './lower-depthwise.js';
import { lowerMatmul } from './lower-matmul.js';
import { moved } from './lower-moves.js';
import type { Program } from './program.js';
import type { Tensor } from './tensors.js';
import type { TapWeights } from './weights.js';

/** What an op is lowered from. */
export interface Seldom {
  kit: Kit;
  program: Program;
  inputs: readonly Tensor[];
  /** Of the inputs, and of the output. */
  shapes: readonly (readonly number[])[];
  shape: readonly number[];
  weights: readonly TensorData[];
  /** The first weights as those of a window. */
  taps: (count: number, length: number) => TapWeights;
  /** The output as its readers need it. */
  output: () => Tensor;
}

/** Lowers one op; undefined for those that the engine lowers itself. */
export function lowerSeldom(op: Op, from: Seldom): { output: Tensor; kernel: string } | undefined {
  const { kit, program, inputs, shape, taps, output } = from;
  switch (op.op) {
    case 'matmul':
      return lowerMatmul(kit, program, inputs[0]!, inputs[1]!, shape, op.transposeB);
    case 'depthwise':
      return lowerDepthwise(kit, program, op, inputs[0]!, taps(op.kernel[0] * op.kernel[1], 1), output());
    case 'concat':
    case 'slice':
    case 'pad':
    case 'transpose':
    case 'constant':
      return moved(op, from, output());
    default:
      return undefined;
  }
}
