// Lowers ops over sliding windows with a separate result for each channel: depthwise and the pools.
import type { AvgPoolOp, MaxPoolOp, Window } from '@bitgrad/runtime';
import { copyTensor, repeatChannels } from './lower-copy.js';
import type { Accumulation } from './lower-products.js';
import { widened } from './lower-rowwise.js';
import { Opcode } from './opcodes.js';
import { constant, emit, openGroup, pinned, type Program, type Word } from './program.js';
import { rowsOf, tensor, type Border, type Tensor } from './tensors.js';
import { readElements, type TapWeights } from './weights.js';
import { Depthwise, Windows } from './words.js';

const windowWords = (
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

/** depthwise. */
export function lowerDepthwise(
  program: Program,
  input: Tensor,
  w: TapWeights,
  shape: readonly number[],
  window: Window,
  multiplier: number,
  { padValue, shift }: Accumulation,
  border: Border,
): { output: Tensor; kernel: string } {
  const integer = input.type !== 'f32';
  const channels = input.c * multiplier;
  let x = input;
  if (integer) x = copyTensor(program, input, tensor('i16', [input.h, input.w, input.c]));
  if (multiplier > 1) x = repeatChannels(program, x, tensor(x.type, [x.h, x.w, channels]), multiplier);
  const output = tensor(integer ? 'i32' : 'f32', shape, { border });
  const stride = output.pixel / 4;
  // Weights are [taps][channels]: one tap of `channels` in the sense of TapWeights.
  const weights = constant(program, 4 * w.taps * stride, () => {
    const data = integer ? new Int32Array(w.taps * stride) : new Float32Array(w.taps * stride);
    const read = readElements({ ...w, taps: 1, length: channels });
    for (let tap = 0; tap < w.taps; tap++) data.set(read(tap, 0, channels), tap * stride);
    return data;
  });
  const group = openGroup(program, rowsOf(output), channels, { divisible: false });
  const own: Record<Depthwise, Word> = {
    [Depthwise.weights]: weights,
    [Depthwise.tapBytes]: stride * 4,
    [Depthwise.shift]: shift,
    [Depthwise.padValue]: padValue,
  };
  const words = { ...windowWords(x, output, window), ...own };
  emit(program, group, integer ? Opcode.depthwiseI32 : Opcode.depthwiseF32, words, [x], output);
  return { output, kernel: integer ? 'depthwise-integer' : 'depthwise-float' };
}

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
  return max ? (x.type === 'bits' ? 'packed-max' : 'max') : 'mean';
}
