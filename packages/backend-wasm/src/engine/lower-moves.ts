// Lowers ops that join, cut, pad and turn tensors, and tables.
import type { ConcatOp, ConstantOp, PadOp, SliceOp, TransposeOp } from '@bitgrad/runtime';
import type { Kit } from './kit.js';
import type { Seldom } from './lower-seldom.js';
import type { Program } from './program.js';
import type { Tensor } from './tensors.js';

/** Strides of each axis of `shape` over a tensor whose [h, w, c] came from that shape: its first two of four axes share h. */
function axisStrides({ strides }: Kit, t: Tensor, shape: readonly number[]): number[] {
  const [line, ...inner] = strides(t) as [number, number, number];
  return [shape[1]! * line, line, ...inner].slice(-shape.length);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** A tensor without a border: `t`, or a copy of it. */
export const linear = ({ isLinear, copyTensor, tensor }: Kit, program: Program, t: Tensor): Tensor =>
  isLinear(t) ? t : copyTensor(program, t, tensor(t.type, [t.h, t.w, t.c]));

/** Target axis i is source axis permutation[i]; `shape` is the source's. */
export function transposed(
  kit: Kit,
  program: Program,
  input: Tensor,
  target: Tensor,
  permutation: readonly number[],
  shape: readonly number[],
): Tensor {
  const source = linear(kit, program, input);
  kit.clear(program, target);
  const from = axisStrides(kit, source, shape);
  const counts = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => from[axis]!);
  kit.copy(program, source, target, kit.axesOf(counts, steps, axisStrides(kit, target, counts)));
  return target;
}

/** Joins the inputs along an axis. */
function concatenated({ kit, program, inputs, shapes, shape }: Seldom, target: Tensor, axis: number): void {
  const to = axisStrides(kit, target, shape);
  let at = 0;
  inputs.forEach((source, i) => {
    const axes = kit.axesOf(shapes[i]!, axisStrides(kit, source, shapes[i]!), to);
    kit.copy(program, source, target, axes, { to: at * to[axis]! });
    at += shapes[i]![axis]!;
  });
}

/** The part of the input from `begin` on. */
function sliced(
  { kit, program, inputs, shapes, shape }: Seldom,
  target: Tensor,
  begin: readonly number[],
): void {
  const steps = axisStrides(kit, inputs[0]!, shapes[0]!);
  const axes = kit.axesOf(shape, steps, axisStrides(kit, target, shape));
  kit.copy(program, inputs[0]!, target, axes, { from: dot(begin, steps) });
}

/** The input within `value`. */
function paddedWith(
  { kit, program, inputs, shapes, shape }: Seldom,
  target: Tensor,
  before: readonly number[],
  value: number,
): void {
  const { copy, axesOf, floatBits } = kit;
  const [source, from] = [inputs[0]!, shapes[0]!];
  const to = axisStrides(kit, target, shape);
  const raw = target.type === 'bits' ? (value < 0 ? 1 : 0) : target.type === 'f32' ? floatBits(value) : value;
  const still = to.map(() => 0);
  copy(program, null, target, axesOf(shape, still, to), { value: raw });
  copy(program, source, target, axesOf(from, axisStrides(kit, source, from), to), { to: dot(before, to) });
}

/** Rows of a plan's storage (bits: packed words) in the layout of `t`. */
function layOut(t: Tensor, data: ArrayBufferView): Uint8Array {
  const bytes = new Uint8Array(t.region.bytes);
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const rows = t.h * t.w;
  const row = source.length / rows;
  for (let r = 0; r < rows; r++) {
    const at = t.start + Math.floor(r / t.w) * t.pitch + (r % t.w) * t.pixel;
    for (let k = 0; k < row; k++) {
      const byte = source[r * row + k]!;
      if (t.type === 'bits') {
        bytes[at + 2 * k] = byte << 4;
        bytes[at + 2 * k + 1] = byte & 0xf0;
      } else bytes[at + k] = byte;
    }
  }
  return bytes;
}

/** Lowers one of these ops. */
export function moved(
  op: ConcatOp | ConstantOp | PadOp | SliceOp | TransposeOp,
  from: Seldom,
  output: Tensor,
): { output: Tensor; kernel: string } {
  const { kit, program, inputs, shapes, weights } = from;
  if (op.op === 'constant') {
    const { region } = output;
    region.base = kit.constant(program, region.bytes, () => layOut(output, weights[0]!));
    return { output, kernel: 'constant' };
  }
  if (op.op === 'transpose') transposed(kit, program, inputs[0]!, output, op.permutation, shapes[0]!);
  else kit.clear(program, output);
  if (op.op === 'concat') concatenated(from, output, op.axis);
  if (op.op === 'slice') sliced(from, output, op.begin);
  if (op.op === 'pad') paddedWith(from, output, op.before, op.value);
  return { output, kernel: 'copy' };
}
