// Normalizations are in units of bytes everywhere in bitgrad; other libraries state them for pixels of 0 to 1. Folded
// into a packed model those give inputs 255 times too large, on which graph and packed model agree: nothing later would
// notice. So they are refused here.
import { BitgradError } from '@bitgrad/core';
import type { InputNormalization } from '@bitgrad/runtime';

const failure = (what: string, got: unknown, expected: string, next: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'compiler', what, got, expected, next });

const rounded = (values: readonly number[]): string =>
  `[${values.map((v) => Math.round(v * 255 * 100) / 100).join(', ')}]`;

/**
 * Checks that a normalization fits a model of bytes: one value or one a channel, finite, in units of bytes. A `std` below 1
 * says that images use less than one of 255 steps; it comes from a scale of 0 to 1.
 * @param channels size of the input's last axis
 * @throws BitgradError `invalid-option` with the same normalization in units of bytes
 */
export function checkNormalization({ mean, std }: InputNormalization, channels: number): void {
  for (const [key, values] of Object.entries({ mean, std }))
    if (
      !Array.isArray(values) ||
      (values.length !== 1 && values.length !== channels) ||
      !values.every(Number.isFinite)
    )
      throw failure(
        `normalization.${key}`,
        values,
        channels === 1 ? 'one finite number' : `1 or ${channels} finite numbers`,
        'Pass { mean, std } of the training data, in units of bytes.',
      );
  if (std.some((v) => v < 1))
    throw failure(
      'normalization.std',
      std,
      'at least 1, in units of bytes: (byte - mean) / std, with bytes from 0 to 255',
      std.every((v) => v > 0)
        ? `Of pixels between 0 and 1, multiply by 255: { mean: ${rounded(mean)}, std: ${rounded(std)} }.`
        : 'A standard deviation is positive.',
    );
}
