// Ops that only move elements: every one is a copy of boxes between row-major tensors, packed or not.
import { wordsPerRow } from '@bitgrad/bits';
import type { ConstantOp } from '../ops/constant.js';
import { boxesOf, type BoxOp } from '../ops/moves.js';
import type { ReshapeOp } from '../ops/reshape.js';
import type { TransposeOp } from '../ops/transpose.js';
import type { Shape } from '../plan.js';
import { channelCount, elementCount } from '../tensors.js';
import { bitAt, copyBits, type Words } from './bits.js';
import type { Step, StepArguments, Tensor } from './step.js';

/** Four axes, by leading axes of size `fill`. */
const four = (values: readonly number[], fill: number): number[] => [
  ...new Array<number>(4 - values.length).fill(fill),
  ...values,
];

/** A function that copies a box of `size` from `from` in one tensor to `to` in another of the same type and rank. */
function boxCopy(
  source: Tensor,
  from: readonly number[],
  target: Tensor,
  to: readonly number[],
  size: Shape,
): () => void {
  const [b0, b1, b2, b3] = four(from, 0) as [number, number, number, number];
  const [t0, t1, t2, t3] = four(to, 0) as [number, number, number, number];
  const [n0, n1, n2, n3] = four(size, 1) as [number, number, number, number];
  const [, s1, s2, sc] = four(source.shape, 1) as [number, number, number, number];
  const [, d1, d2, dc] = four(target.shape, 1) as [number, number, number, number];
  const packed = source.type === 'bits';
  const rowStride = packed ? 32 * wordsPerRow(sc) : sc;
  const targetStride = packed ? 32 * wordsPerRow(dc) : dc;
  const [input, output] = [source.data, target.data];
  return () => {
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++)
        for (let k = 0; k < n2; k++) {
          const a = (((b0 + i) * s1 + b1 + j) * s2 + b2 + k) * rowStride + b3;
          const b = (((t0 + i) * d1 + t1 + j) * d2 + t2 + k) * targetStride + t3;
          if (packed) copyBits(input as Words, a, output as Words, b, n3);
          else for (let c = 0; c < n3; c++) output[b + c] = input[a + c]!;
        }
  };
}

/** Writes a value to every element; unused bits of packed rows are 0. */
function filler({ type, shape, data }: Tensor, value: number): () => void {
  if (type !== 'bits') return () => data.fill(value);
  const [stride, rest] = [wordsPerRow(channelCount(shape)), channelCount(shape) & 31];
  return () => {
    data.fill(value < 0 ? 0xffffffff : 0);
    if (value < 0 && rest > 0) for (let i = stride - 1; i < data.length; i += stride) data[i] = 2 ** rest - 1;
  };
}

/** concat, pad and slice: fill where needed, then copy. */
export function boxesStep({ op, x, out }: StepArguments<BoxOp>): Step {
  const { boxes, fill } = boxesOf(op, x.map(({ shape }) => shape), out.shape); // prettier-ignore
  const runs = boxes.map(({ input, from, to, size }) => boxCopy(x[input]!, from, out, to, size));
  if (fill !== undefined || out.type === 'bits') runs.unshift(filler(out, fill ?? 1));
  const run = (): void => {
    for (const part of runs) part();
  };
  return { kernel: 'copy', run };
}

/** reshape: a plain copy, or rows packed anew. */
export function reshapeStep({ x: [x], out }: StepArguments<ReshapeOp>): Step {
  const [source, target] = [x!.data, out.data];
  const [from, to] = [channelCount(x!.shape), channelCount(out.shape)];
  if (x!.type !== 'bits' || from === to) return { kernel: 'copy', run: () => target.set(source) };
  const [fromStride, toStride] = [32 * wordsPerRow(from), 32 * wordsPerRow(to)];
  const total = elementCount(out.shape);
  const run = (): void => {
    target.fill(0);
    for (let i = 0, a = 0, b = 0, row = 0, outRow = 0; i < total;) {
      const take = Math.min(from - a, to - b);
      copyBits(source as Words, row * fromStride + a, target as Words, outRow * toStride + b, take);
      i += take;
      a += take;
      b += take;
      if (a === from) [a, row] = [0, row + 1];
      if (b === to) [b, outRow] = [0, outRow + 1];
    }
  };
  return { kernel: 'repack', run };
}

/** transpose, element by element. */
export function transposeStep({ op, x: [x], out }: StepArguments<TransposeOp>): Step {
  const packed = x!.type === 'bits';
  const channels = channelCount(x!.shape);
  const rowStride = packed ? 32 * wordsPerRow(channels) : channels;
  const strides = x!.shape.map((_, axis) =>
    axis === x!.shape.length - 1 ? 1 : rowStride * elementCount(x!.shape.slice(axis + 1, -1)),
  );
  const [m0, m1, m2, m3] = four(
    op.permutation.map((axis) => strides[axis]!),
    0,
  ) as [number, number, number, number];
  const [n0, n1, n2, n3] = four(out.shape, 1) as [number, number, number, number];
  const outStride = packed ? 32 * wordsPerRow(n3) : n3;
  const [source, target] = [x!.data, out.data];
  const run = (): void => {
    if (packed) target.fill(0);
    for (let i = 0, row = 0; i < n0; i++)
      for (let j = 0; j < n1; j++)
        for (let k = 0; k < n2; k++, row++)
          for (let c = 0; c < n3; c++) {
            const from = i * m0 + j * m1 + k * m2 + c * m3;
            const to = row * outStride + c;
            if (packed) target[to >>> 5]! |= bitAt(source as Words, from) << (to & 31);
            else target[to] = source[from]!;
          }
  };
  return { kernel: 'permute', run };
}

/** constant: the buffer's memory may be shared with others, so it is written at each run. */
export function constantStep({ w: [w], out }: StepArguments<ConstantOp>): Step {
  return { kernel: 'copy', run: () => out.data.set(w!.data) };
}
