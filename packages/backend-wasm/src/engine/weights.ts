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

/** Reads elements, bits as +1 or -1. */
export function readElements({ type, data, taps, length }: TapWeights): WeightReader {
  const words = Math.ceil(length / 32);
  return (channel, tap, row) => {
    const index = channel * taps + tap;
    for (let k = 0; k < length; k++)
      row[k] =
        type === 'bits'
          ? 1 - 2 * ((data[index * words + (k >> 5)]! >>> (k & 31)) & 1)
          : data[index * length + k]!;
  };
}

/** Reads bits, 4 to a step, shifted left by `shift`. */
export function readNibbles({ data, taps, length }: TapWeights, shift: number): WeightReader {
  const words = Math.ceil(length / 32);
  return (channel, tap, row) => {
    const first = (channel * taps + tap) * words;
    for (let word = 0; word < words; word++)
      for (let k = 0; k < 8; k++) row[word * 8 + k] = ((data[first + word]! >>> (4 * k)) & 15) << shift;
  };
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
