// Geometry of convolution windows along one axis; TensorFlow's 'same' and 'valid'.
import { BitgradError } from './errors.js';

/**
 * What surrounds an image: `valid` nothing, `same-zero` exact zeros (padded taps count for nothing), `same-one`
 * the level +1. Both `same` kinds give ceil(size / stride) outputs.
 */
export type BinaryPadding = 'valid' | 'same-zero' | 'same-one';

/** One axis of a convolution. */
export interface AxisWindow {
  /** Output size. */
  size: number;
  /** Padding before the first and after the last input element. */
  before: number;
  after: number;
}

const positive = (what: string, got: number): void => {
  if (!Number.isInteger(got) || got < 1)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what,
      got,
      expected: 'an integer >= 1',
    });
};

/**
 * Output size and padding of one axis. With `same`, the padding is split evenly, the odd element after.
 * @param input input size, >= 1
 * @param kernel kernel size, >= 1
 * @param stride >= 1
 * @param dilation distance between taps, >= 1
 * @throws BitgradError `invalid-option`; `shape-mismatch` when a `valid` window is larger than the input
 */
export function axisWindow(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: BinaryPadding,
): AxisWindow {
  positive('input size', input);
  positive('kernel size', kernel);
  positive('stride', stride);
  positive('dilation', dilation);
  if (padding !== 'valid' && padding !== 'same-zero' && padding !== 'same-one')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what: 'padding',
      got: padding,
      expected: 'valid, same-zero or same-one',
    });
  const extent = (kernel - 1) * dilation + 1;
  if (padding !== 'valid') {
    const size = Math.ceil(input / stride);
    const total = Math.max(0, (size - 1) * stride + extent - input);
    const before = Math.floor(total / 2);
    return { size, before, after: total - before };
  }
  if (extent > input)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'bits',
      what: 'dilated kernel size with valid padding',
      got: extent,
      expected: `at most the input size, ${input}`,
    });
  return { size: Math.floor((input - extent) / stride) + 1, before: 0, after: 0 };
}
