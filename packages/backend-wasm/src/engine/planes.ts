// Integer sums that a plan has in two planes, 2^n high + low, as the compiler writes a first layer of more than 8 bits: one
// product with weights of 16 bits gives them at once. All of it is exact modulo 2^32, so the results are the same.
import type { ConvOp, PackedModel } from '@bitgrad/runtime';
import type { TapWeights } from './weights.js';

/** What `lower` makes one product of. */
interface Planes {
  /** By the index of an `add`: the convolution that gives its sums, with weights of 16 bits. */
  sums: ReadonlyMap<number, { op: ConvOp; w: TapWeights }>;
  /** By the index of a convolution: that of the `add` that it is part of. */
  parts: ReadonlyMap<number, number>;
}

const windowOf = ({ inputs, kernel, strides, dilations, pads, groups }: ConvOp): string =>
  JSON.stringify([inputs, kernel, strides, dilations, pads, groups]);

/** 2^shift high + low, or undefined where a weight has no 16 bits. */
function joined(high: ArrayLike<number>, low: ArrayLike<number>, shift: number): Int16Array | undefined {
  const w = new Int16Array(high.length);
  for (let i = 0; i < w.length; i++) {
    w[i] = high[i]! * 2 ** shift + low[i]!;
    if (w[i] !== high[i]! * 2 ** shift + low[i]!) return undefined;
  }
  return w;
}

/** Finds sums in planes. */
export function findPlanes({ plan, weights }: PackedModel): Planes {
  const { ops, buffers, weights: specs } = plan;
  const sums = new Map<number, { op: ConvOp; w: TapWeights }>();
  const parts = new Map<number, number>();
  const readers = new Map<number, number>();
  for (const { inputs } of ops) for (const x of inputs) readers.set(x, (readers.get(x) ?? 0) + 1);
  const made = new Map(ops.map(({ output }, index) => [output, index]));
  ops.forEach((op, index) => {
    if (op.op !== 'add' || buffers[op.output]!.type !== 'i32') return;
    const indices = op.inputs.map((x) => made.get(x) ?? -1);
    const convs = indices.map((i) => ops[i]).filter((made) => made?.op === 'conv');
    const [high, low] = convs.sort((a, b) => b.shift - a.shift) as [ConvOp?, ConvOp?];
    if (!high || !low || high === low || windowOf(high) !== windowOf(low)) return;
    const alone = [high, low].every(
      ({ output, weights: [w] }) =>
        readers.get(output) === 1 && output !== plan.output && specs[w]!.type === 'i8',
    );
    const shift = high.shift - low.shift;
    if (!alone || buffers[high.inputs[0]!]!.type !== 'u8' || high.padValue !== low.padValue * 2 ** shift)
      return;
    const [a, b] = [high, low].map(({ weights: [w] }) => weights[w] as Int8Array);
    const data = a!.length === b!.length ? joined(a!, b!, shift) : undefined;
    if (!data) return;
    const { kernel, groups } = low;
    const length = buffers[low.inputs[0]!]!.shape[2]! / groups;
    const w: TapWeights = { type: 'i8', data, taps: kernel[0] * kernel[1], length };
    sums.set(index, { op: { ...low, output: op.output }, w });
    for (const part of indices) parts.set(part, index);
  });
  return { sums, parts };
}
