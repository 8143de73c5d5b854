// Lowers the pools, and what they have in common with depthwise (lower-depthwise.ts): windows with a separate result for each
// channel.
import type { AvgPoolOp, MaxPoolOp, Window } from '@bitgrad/runtime';
import { widened } from './lower-rowwise.js';
import { Opcode } from './opcodes.js';
import { emit, openGroup, pinned, type Program, type Word } from './program.js';
import { rowsOf, type Tensor } from './tensors.js';
import { Band, Windows } from './words.js';

/** What a record says of a window. */
export const windowWords = (
  x: Tensor,
  out: Tensor,
  { kernel, strides, pads, dilations }: Window,
): Record<Windows, Word> => ({
  [Windows.input]: pinned(x),
  [Windows.pixelBytes]: x.pixel,
  [Windows.pitch]: x.pitch,
  [Windows.height]: x.h,
  [Windows.width]: x.w,
  [Windows.kernelHeight]: kernel[0],
  [Windows.kernelWidth]: kernel[1],
  [Windows.strideY]: strides[0],
  [Windows.strideX]: strides[1],
  [Windows.padTop]: pads[0],
  [Windows.padLeft]: pads[1],
  [Windows.outWidth]: out.w,
  [Windows.dilationY]: dilations[0],
  [Windows.dilationX]: dilations[1],
});

/** maxPool and avgPool; returns the kernel's name. */
export function lowerPool(
  program: Program,
  op: MaxPoolOp | AvgPoolOp,
  input: Tensor,
  output: Tensor,
): string {
  const max = op.op === 'maxPool';
  const x = max ? input : widened(program, input);
  x.region.pinned = true;
  const opcode = max
    ? Opcode.maxBits + ['bits', 'u8', 'i32', 'f32'].indexOf(x.type)
    : x.type === 'f32'
      ? Opcode.meanF32
      : Opcode.meanI32;
  const group = openGroup(program, rowsOf(output), output.c, { divisible: false });
  emit(program, group, opcode, windowWords(x, output, op), [x], output);
  // What a large image is made of is read until the last band of it is pooled.
  if (program.target.blocks && rowsOf(x) * x.pixel > Band.bytes)
    for (const { inputs } of program.groups[group - 1]!.records)
      for (const { region } of inputs) region.last = Math.max(region.last, group);
  return max ? (x.type === 'bits' ? 'packed-max' : 'max') : 'mean';
}
