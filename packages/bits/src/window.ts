// Geometry of windows along one axis.

/** Elements from the first tap of a window to its last. */
export const windowExtent = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** Positions of a window over `size` elements, padding among them; 0 or less where it does not fit. */
export const windowPositions = (size: number, kernel: number, stride: number, dilation: number): number =>
  Math.floor((size - windowExtent(kernel, dilation)) / stride) + 1;

/** One axis of a convolution or a pool. */
export interface AxisWindow {
  /** Output size; 0 or less where a window without padding is larger than the input. */
  size: number;
  /** Padding before the first and after the last input element. */
  before: number;
  after: number;
}

/** Padding of one axis: none, the least with which a window of stride 1 keeps the size, or elements before and after. */
export type AxisPadding = 'valid' | 'same' | readonly [before: number, after: number];

/**
 * Output size and padding of one axis. `same` is TensorFlow's: the output has ceil(input / stride) elements, and the
 * padding is split evenly, the odd element after. Numbers are PyTorch's: `padding=p` is `[p, p]`.
 */
export function axisWindow(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: AxisPadding,
): AxisWindow {
  if (padding !== 'same') {
    const [before, after] = padding === 'valid' ? [0, 0] : padding;
    return { size: windowPositions(input + before + after, kernel, stride, dilation), before, after };
  }
  const size = Math.ceil(input / stride);
  const total = Math.max(0, (size - 1) * stride + windowExtent(kernel, dilation) - input);
  const before = Math.floor(total / 2);
  return { size, before, after: total - before };
}
