// From bytes to floats, as data: the compiler stores the same object in a packed model, so that training and
// deployment read pixels alike. A byte has 256 values, so the whole map is a small table.
import {
  byteNormalizer,
  normalizationRules,
  option,
  type ByteNormalization,
  type OptionRule,
} from '@bitgrad/core';
import { checkSplit } from './check.js';
import type { Examples } from './dataset.js';
import { failure, integerOption } from './errors.js';

/**
 * `(byte - mean) / std` for each channel, in units of bytes (0..255); JSON-safe.
 * A list of one value holds for every channel.
 */
export type Normalization = ByteNormalization;

/** The rule of an option that is a {@link Normalization}; the number of channels is checked where it is known. */
export const normalizationRule: OptionRule = option.inside(normalizationRules);

/** The default: bytes to [-1, 1], `x / 127.5 - 1`. */
export const symmetricNormalization: Normalization = Object.freeze({
  mean: Object.freeze([127.5]),
  std: Object.freeze([127.5]),
});

/** Bytes to [0, 1], `x / 255`. */
export const unitNormalization: Normalization = Object.freeze({
  mean: Object.freeze([0]),
  std: Object.freeze([255]),
});

/**
 * The float of every byte: float32 [channels, 256], `table[c * 256 + byte]` = (byte - mean_c) * (1 / std_c), each step
 * rounded to float32 as in a packed model, so that both read the same numbers.
 * @throws BitgradError `invalid-option` when a list has neither 1 nor `channels` finite values, or a std is not positive
 */
export function normalizationTable(normalization: Normalization, channels: number): Float32Array {
  integerOption('number of channels', channels, 1, 65_536);
  for (const key of ['mean', 'std'] as const) {
    const values: unknown = (normalization as Normalization | undefined)?.[key];
    const valid =
      Array.isArray(values) &&
      (values.length === 1 || values.length === channels) &&
      values.every((value) => Number.isFinite(value) && (key === 'mean' || value > 0));
    if (!valid)
      throw failure('invalid-option', {
        what: `normalization.${key}`,
        got: values,
        expected: `1 or ${channels} finite numbers${key === 'std' ? ' above 0' : ''}, in units of bytes (0..255)`,
      });
  }
  const floatOf = byteNormalizer(normalization);
  return Float32Array.from({ length: channels * 256 }, (_, i) => floatOf(i & 255, i >> 8));
}

/**
 * Mean and standard deviation of each channel over a split, in units of bytes. A constant channel gets std 1.
 * @throws BitgradError `invalid-option` for an empty split
 */
export function measureNormalization(split: Examples): Normalization {
  checkSplit('measureNormalization', split);
  if (split.type === 'f32')
    throw failure('invalid-option', {
      what: 'split to measure',
      got: 'floats',
      expected: 'bytes: floats are taken as they are',
    });
  const channels = split.shape.at(-1)!;
  if (split.size === 0)
    throw failure('invalid-option', {
      what: 'split to measure',
      got: 'no images',
      expected: 'at least one image',
    });
  const counts = new Float64Array(channels * 256);
  for (let i = 0; i < split.images.length; i++) counts[(i % channels) * 256 + (split.images[i] ?? 0)]! += 1;
  const total = split.images.length / channels;
  const mean: number[] = [];
  const std: number[] = [];
  for (let c = 0; c < channels; c++) {
    const histogram = counts.subarray(c * 256, (c + 1) * 256);
    const m = histogram.reduce((sum, count, byte) => sum + count * byte, 0) / total;
    const variance = histogram.reduce((sum, count, byte) => sum + count * (byte - m) ** 2, 0) / total;
    mean.push(m);
    std.push(variance > 0 ? Math.sqrt(variance) : 1);
  }
  return { mean, std };
}
