// Products: their operands, and what their sums of integers stand for. Scales, biases and codings stay pending after them.
import { exactFloat32 } from '@bitgrad/bits';
import type { Shape } from '@bitgrad/runtime';
import type { StoredKernel } from './kernel.js';
import { asAffine, withChannelwise, type Affine, type RowFunction, type Value } from './value.js';

/** The operand of a product: x = unit * stored + offset for each stored value. */
export interface Operand {
  readonly buffer: number;
  readonly type: 'bits' | 'u8' | 'f32';
  readonly shape: Shape;
  readonly unit: number;
  readonly offset: number;
  /** How many binary operands are summed, each with the same kernel; default 1. */
  readonly planes?: number;
}

/** The pending affine function of a byte input, when it is the same for every channel. */
export const uniformAffine = (value: Value): { scale: number; bias: number } | undefined => {
  if (value.type !== 'u8' || value.pool || value.after.length > 0 || value.reshape) return undefined;
  const a = asAffine(value.before, value.shape.at(-1)!);
  if (!a || !a.scale.every((s) => s === a.scale[0]) || !a.bias.every((b) => b === a.bias[0]))
    return undefined;
  return { scale: a.scale[0]!, bias: a.bias[0]! };
};

/** Bytes with one normalization for all channels as an operand. */
export const byteOperand = (value: Value): Operand | undefined => {
  const affine = uniformAffine(value);
  const { buffer, shape } = value;
  return affine && { buffer, type: 'u8', shape, unit: affine.scale, offset: affine.bias };
};

/** A float32 buffer as an operand. */
export const floatOperand = (buffer: number, shape: Shape): Operand => ({
  buffer,
  type: 'f32',
  shape,
  unit: 1,
  offset: 0,
});

/** How a padded tap of an integer operand is written: its stored value times 2^shift; undefined when it is no integer. */
export function paddedTap(
  operand: Operand,
  padValue: number,
): { shift: number; padValue: number } | undefined {
  const stored = (padValue - operand.offset) / operand.unit;
  if (operand.type === 'bits')
    return [-1, 0, 1].includes(stored) ? { shift: 0, padValue: stored } : undefined;
  for (let shift = 0; shift <= 8; shift++) {
    const value = stored * 2 ** shift;
    if (Math.abs(value - Math.round(value)) < 1e-6 * Math.max(1, Math.abs(value)) && Math.abs(value) <= 65535)
      return { shift, padValue: Math.round(value) };
  }
  return undefined;
}

/**
 * The value of a product, that of integers being product = unit * scale / 2^shift * acc + scale * offset * sum of all
 * taps, then bias. `apply` repeats the graph's float32 arithmetic on the exact product of the quantized values.
 */
export function productValue(
  name: string,
  product: Value,
  operand: Operand,
  kernel: StoredKernel,
  { shift, padValue }: { shift: number; padValue: number },
  bias?: readonly number[],
): Value {
  const channels = kernel.scale.length;
  const real: Affine = {
    scale: kernel.scale.map(() => operand.unit / 2 ** shift),
    bias: kernel.sums.map((sum) => operand.offset * sum),
  };
  const tap = operand.type === 'u8' ? Math.max(255 * 2 ** shift, Math.abs(padValue)) : (operand.planes ?? 1);
  const most = Math.ceil(kernel.magnitudes.reduce((a, b) => Math.max(a, b)) * tap);
  let value: Value = operand.type === 'f32' ? product : { ...product, range: [-most, most] };
  const addAffine = (affine: Affine, centres?: readonly number[]): void => {
    const [scale, offset] = [affine.scale, centres ?? affine.bias].map((v) => v.map(Math.fround)) as [
      number[],
      number[],
    ];
    const apply: RowFunction = (x) =>
      Float32Array.from(x, (v, i) => {
        const [s, b] = [scale[i % channels]!, offset[i % channels]!];
        return centres ? Math.fround(v + b) * s : Math.fround(v * s) + b;
      });
    value = withChannelwise(value, { name, apply, lowered: [{ kind: 'affine', affine }] });
  };
  const ones = Array<number>(channels).fill(1);
  const zeros = Array<number>(channels).fill(0);
  if (real.scale.some((s) => s !== 1) || real.bias.some((b) => b !== 0))
    addAffine(real, exactCentres(operand, kernel, shift, most));
  if (kernel.scale.some((s) => s !== 1)) addAffine({ scale: kernel.scale, bias: zeros });
  if (bias) addAffine({ scale: ones, bias });
  return value;
}

/**
 * What is added to each channel's sum of bytes, in units of the sum, so that the normalized sum is their total times a
 * scale: exact in float32 where the mean is a multiple of 1/256. An exact 0 then has the sign of 0, +1, in every channel.
 */
const exactCentres = (
  { type, unit, offset }: Operand,
  { sums }: StoredKernel,
  shift: number,
  most: number,
): readonly number[] | undefined => {
  const mean = Math.round((256 * offset) / unit) / 256;
  if (type !== 'u8' || Math.abs(mean - offset / unit) > 1e-9 * Math.max(1, Math.abs(mean))) return undefined;
  const factor = Array.from({ length: 9 }, (_, i) => 2 ** i).find((f) => Number.isInteger(mean * f))!;
  const centres = sums.map((sum) => mean * sum * 2 ** shift);
  const largest = centres.reduce((a, b) => Math.max(a, Math.abs(b)), most);
  return 2 * largest * factor < exactFloat32 ? centres : undefined;
};
