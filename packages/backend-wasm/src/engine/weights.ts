// Reading weights of a plan: levels and sums by tap, whatever their type.
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

/** i32 [channels][taps]: sum of the weights of each tap. */
export function tapSums({ type, data, taps, length }: TapWeights, channels: number): Int32Array {
  const sums = new Int32Array(channels * taps);
  const bits = type === 'bits';
  const row = bits ? Math.ceil(length / 32) : length;
  for (let i = 0, k = 0; i < sums.length; i++) {
    let sum = bits ? length : 0;
    for (const end = k + row; k < end; k++) sum += bits ? -2 * popcount(data[k]!) : data[k]!;
    sums[i] = sum;
  }
  return sums;
}
