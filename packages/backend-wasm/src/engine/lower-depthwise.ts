// Lowers depthwise convolutions: a window's sum for each channel of its own.
import type { DepthwiseOp } from '@bitgrad/runtime';
import type { Kit } from './kit.js';
import { Opcode } from './opcodes.js';
import type { Program, Word } from './program.js';
import type { Tensor } from './tensors.js';
import type { TapWeights } from './weights.js';
import { Depthwise } from './words.js';

/** Target channel q is source channel floor(q / multiplier). */
function repeatChannels(
  { axesOf, copy, sizes, strides }: Kit,
  program: Program,
  source: Tensor,
  target: Tensor,
  multiplier: number,
): Tensor {
  const [line, pixel] = strides(target) as [number, number];
  const axes = axesOf([...sizes(source), multiplier], [...strides(source), 0], [line, pixel, multiplier, 1]);
  copy(program, source, target, axes);
  return target;
}

/**
 * depthwise.
 * @param w one tap after the other, each of all channels
 */
export function lowerDepthwise(
  kit: Kit,
  program: Program,
  op: DepthwiseOp,
  input: Tensor,
  w: TapWeights,
  output: Tensor,
): { output: Tensor; kernel: string } {
  const { constant, copyTensor, emit, openGroup, readElements, tensor, windowWords } = kit;
  const { multiplier, padValue, shift } = op;
  const integer = input.type !== 'f32';
  const channels = input.c * multiplier;
  let x = input;
  if (integer) x = copyTensor(program, input, tensor('i16', [input.h, input.w, input.c]));
  if (multiplier > 1) x = repeatChannels(kit, program, x, tensor(x.type, [x.h, x.w, channels]), multiplier);
  const stride = output.pixel / 4;
  // Weights are [taps][channels]: one tap of `channels` in the sense of TapWeights.
  const weights = constant(program, 4 * w.taps * stride, () => {
    const data = integer ? new Int32Array(w.taps * stride) : new Float32Array(w.taps * stride);
    const read = readElements({ ...w, taps: 1, length: channels });
    for (let tap = 0; tap < w.taps; tap++) data.set(read(tap, 0, channels), tap * stride);
    return data;
  });
  const group = openGroup(program, output.h * output.w, channels, { divisible: false });
  const own: Record<Depthwise, Word> = {
    [Depthwise.weights]: weights,
    [Depthwise.tapBytes]: stride * 4,
    [Depthwise.shift]: shift,
    [Depthwise.padValue]: padValue,
  };
  const words = { ...windowWords(x, output, op), ...own };
  emit(program, group, integer ? Opcode.depthwiseI32 : Opcode.depthwiseF32, words, [x], output);
  return { output, kernel: integer ? 'depthwise-integer' : 'depthwise-float' };
}
