// Bytes to the floats that networks train on.
import { checkOptions, option, type OptionRules } from '../options.js';

/** `(byte - mean) / std`, in units of bytes: a number for all channels, or one for each. */
export interface ByteNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What a normalization may be; how many channels there are, its users check. */
export const normalizationRules: OptionRules<ByteNormalization> = {
  mean: option.required(option.list(option.number(), 1)),
  std: option.required(option.list(option.positive, 1)),
};

/**
 * (byte - mean) * (1 / std), each step rounded to float32, as packed models that take bytes compute it.
 * @returns the float of a byte in a channel
 * @throws BitgradError `invalid-option`
 */
export function byteNormalizer(normalization: ByteNormalization): (byte: number, channel: number) => number {
  const { mean, std } = checkOptions('bits', 'the normalization', normalization, normalizationRules);
  const centre = Float32Array.from(mean);
  const factor = Float32Array.from(std, (v) => 1 / v);
  return (byte, channel) =>
    Math.fround(Math.fround(byte - centre[channel % centre.length]!) * factor[channel % factor.length]!);
}
