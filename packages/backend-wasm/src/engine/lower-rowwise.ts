// Lowers ops whose output row depends on the same row of their inputs. They join the group that makes their
// input where they can, and so run on it while it is in the cache.
import type { Op, TensorData } from '@bitgrad/runtime';
import { failure } from './errors.js';
import { Opcode } from './opcodes.js';
import {
  begin,
  constant,
  constantData,
  emit,
  floatBits,
  joinGroup,
  pinned,
  view,
  viewAt,
  type Program,
  type Words,
} from './program.js';
import { isDense, linesOf, roundUp, rowsOf, tensor, type Tensor } from './tensors.js';
import { RecordWords, Rowwise } from './words.js';

/** Per-channel parameters, `repeat` times, rounded up to 32 channels with `fill`. */
function parameters(program: Program, data: TensorData, fill: number, repeat: number): number {
  const length = data.length * repeat;
  const whole = roundUp(length, 32);
  return constant(program, 4 * whole, () => {
    const padded = new (data instanceof Float32Array ? Float32Array : Int32Array)(whole).fill(fill);
    for (let i = 0; i < length; i += data.length) padded.set(data as Float32Array, i);
    return padded;
  });
}

/** Emits a record; returns the group that it joined, or -1 if it opened one. */
function emitRowwise(
  program: Program,
  opcode: Opcode,
  inputs: readonly Tensor[],
  output: Tensor,
  words: Words,
  { inPlace = true, whole = output }: { inPlace?: boolean; whole?: Tensor } = {},
): number {
  const [a, b] = inputs as [Tensor, Tensor | undefined];
  const before = program.groups.length;
  const group = joinGroup(program, inputs, rowsOf(output), output.c);
  // One row serves all rows of the other input.
  const second =
    b &&
    (rowsOf(b) === 1 && rowsOf(a) > 1 ? viewAt(RecordWords.b, pinned(b), 0, 0, 0) : view(RecordWords.b, b));
  if (opcode >= Opcode.softmax) program.groups[group]!.divisible = false;
  begin(program, group, whole);
  emit(program, group, opcode, { ...view(RecordWords.a, a), ...second, ...words }, inputs, output, inPlace);
  return group < before ? group : -1;
}

/** u8 and bits as i32, for ops that take any type. */
export function widened(program: Program, x: Tensor): Tensor {
  if (x.type !== 'u8' && x.type !== 'bits') return x;
  const wide = tensor('i32', [x.h, x.w, x.c]);
  // An i32 takes more room than what it comes from, so it cannot take its place.
  emitRowwise(
    program,
    x.type === 'u8' ? Opcode.widenBytes : Opcode.widenLevels,
    [x],
    wide,
    {},
    {
      inPlace: false,
    },
  );
  return wide;
}

const functions = { sigmoid: Opcode.sigmoid, tanh: Opcode.tanh, gelu: Opcode.gelu } as const;

/** Opcode and parameters of an op; `repeat` is the number of pixels in a row. */
function recordOf(
  program: Program,
  op: Op,
  floats: boolean,
  w: readonly TensorData[],
  repeat: number,
): [opcode: Opcode, words: Words] {
  const p = (i: number, fill = 0): number => parameters(program, w[i]!, fill, repeat);
  switch (op.op) {
    case 'affine':
      return [floats ? Opcode.affineF32 : Opcode.affineI32, { [Rowwise.p0]: p(0), [Rowwise.p1]: p(1) }];
    case 'threshold':
      // Beyond the last channel nothing is below, so unused bits are 0.
      return [
        floats ? Opcode.thresholdF32 : Opcode.thresholdI32,
        { [Rowwise.p0]: p(0, floats ? -Infinity : -(2 ** 31)), [Rowwise.p1]: constantData(program, w[1]!) },
      ];
    case 'quantize':
      return [
        Opcode.quantize,
        {
          [Rowwise.p0]: constantData(program, w[0]!),
          [Rowwise.p1]: constantData(program, w[1]!),
          [Rowwise.s0]: w[0]!.length,
        },
      ];
    case 'clamp':
      return [
        Opcode.clamp,
        { [Rowwise.s0]: floatBits(op.min ?? -Infinity), [Rowwise.s1]: floatBits(op.max ?? Infinity) },
      ];
    case 'prelu':
      return [Opcode.prelu, { [Rowwise.p0]: p(0), [Rowwise.p1]: p(1), [Rowwise.p2]: p(2) }];
    case 'unary':
      return [functions[op.function], {}];
    case 'add':
      return [floats ? Opcode.addF32 : Opcode.addI32, {}];
    case 'mul':
      return [Opcode.mulF32, {}];
    case 'layerNorm':
      return [
        Opcode.layerNorm,
        { [Rowwise.p0]: p(0), [Rowwise.p1]: p(1), [Rowwise.s0]: floatBits(op.epsilon) },
      ];
    case 'softmax':
      return [Opcode.softmax, {}];
    default:
      throw failure('unsupported-op', { what: `op ${op.op}`, next: 'Use jsEngine().' });
  }
}

/** Elements of a line: its parameters are repeated for every pixel. */
const longestLine = 2 ** 14;

/**
 * Whether to treat each line of an image as one row: with few channels (an RGB image to be normalized) rows are
 * too short for vectors, and the padding that they need would stay in the way of the convolution that follows.
 */
const byLines = (op: Op, x: Tensor): boolean =>
  ['affine', 'clamp', 'prelu', 'unary'].includes(op.op) &&
  x.type !== 'bits' &&
  x.c % 4 !== 0 &&
  x.w > 1 &&
  x.w * x.c <= longestLine &&
  (x.w * x.c) % 4 === 0 &&
  isDense(x);

/**
 * Lowers one op.
 * @param inputs its inputs; @param w its weights; @param output lays out its output, rows rounded up or not
 * @returns the output, and `fused:N` if it joined the group of op N
 */
export function lowerRowwise(
  program: Program,
  op: Op,
  inputs: readonly Tensor[],
  w: readonly TensorData[],
  output: (exact: boolean) => Tensor,
): { output: Tensor; fused: string } {
  const [first, ...others] = inputs as [Tensor, ...Tensor[]];
  const lines = byLines(op, first);
  const x = lines ? linesOf(first) : first;
  const whole = output(lines);
  const any = op.op === 'affine' || op.op === 'threshold';
  const a = any ? widened(program, x) : x;
  const [opcode, words] = recordOf(program, op, a.type === 'f32', w, lines ? first.w : 1);
  const group = emitRowwise(program, opcode, [a, ...others], lines ? linesOf(whole) : whole, words, {
    whole,
  });
  // The group may have been opened for this op's own conversion.
  const owner = group < 0 ? program.op : program.groups[group]!.op;
  return { output: whole, fused: owner === program.op ? '' : `fused:${owner}` };
}
