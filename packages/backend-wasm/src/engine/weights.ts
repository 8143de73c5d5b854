// Reading weights of a plan: levels, nibbles and sums by tap, whatever their type.
import type { ElementType, TensorData } from '@bitgrad/runtime';
import { popcount } from '@bitgrad/bits';
import type { WeightReader } from './segments.js';

/** Weights [channels][taps][length]; `bits` have each length packed in words. */
export interface TapWeights {
  type: ElementType;
  data: TensorData;
  taps: number;
  length: number;
}

/** Element readers: bits as +1 or -1. `from` is the first output channel. */
export function readElements({ type, data, taps, length }: TapWeights, from = 0): WeightReader {
  const words = Math.ceil(length / 32);
  return type === 'bits'
    ? (channel, tap, k) =>
        1 - 2 * ((data[((from + channel) * taps + tap) * words + (k >> 5)]! >>> (k & 31)) & 1)
    : (channel, tap, k) => data[((from + channel) * taps + tap) * length + k]!;
}

/** Readers of 4 levels of bits, shifted left by `shift`; past the end all bits are 0. */
export function readNibbles({ data, taps, length }: TapWeights, from = 0, shift = 0): WeightReader {
  const words = Math.ceil(length / 32);
  return (channel, tap, k) =>
    k >= words * 8
      ? 0
      : ((data[((from + channel) * taps + tap) * words + (k >> 3)]! >>> ((k & 7) * 4)) & 15) << shift;
}

/** i32 [channels][taps]: sum of the weights of each tap. */
export function tapSums(w: TapWeights, channels: number): Int32Array {
  const { type, data, taps, length } = w;
  const row = type === 'bits' ? Math.ceil(length / 32) : length;
  return Int32Array.from({ length: channels * taps }, (_, i) => {
    let sum = type === 'bits' ? length : 0;
    for (let k = i * row; k < (i + 1) * row; k++) sum += type === 'bits' ? -2 * popcount(data[k]!) : data[k]!;
    return sum;
  });
}
