// Reading weights of a plan: levels and sums by tap, whatever their type.
import type { ElementType, TensorData } from '@bitgrad/runtime';
import { popcount } from '@bitgrad/bits';

/** Weights [channels][taps][length]; `bits` have each length packed in words. */
export interface TapWeights {
  type: ElementType;
  data: TensorData | Int16Array;
  taps: number;
  length: number;
}

/** The weights of an output channel from the start of a tap on, `count` of them; valid until the next call. */
export type WeightReader = (channel: number, tap: number, count: number) => ArrayLike<number>;

/** Reads elements, bits as +1 or -1. */
export function readElements({ type, data, taps, length }: TapWeights): WeightReader {
  if (type !== 'bits')
    return (channel, tap, count) => {
      const from = (channel * taps + tap) * length;
      return data.subarray(from, from + count);
    };
  const words = Math.ceil(length / 32);
  let row = new Int8Array(0);
  return (channel, tap, count) => {
    if (row.length < count) row = new Int8Array(count);
    for (let at = 0, from = (channel * taps + tap) * words; at < count; from += words)
      for (let k = 0; k < length && at < count; k++)
        row[at++] = 1 - 2 * ((data[from + (k >> 5)]! >>> (k & 31)) & 1);
    return row.subarray(0, count);
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
