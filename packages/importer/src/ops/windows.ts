// Windows over images and signals: what convolutions and pools share.
import { axisWindow, option, windowExtent, windowPositions } from '@bitgrad/bits';
import type { Window } from '@bitgrad/runtime';
import { failure } from '../fail.js';
import type { Sizes, SourceNode } from '../graph.js';

/** A window over one or two axes of space, and where the channels of its input are. */
export interface WindowAttributes {
  /** Sizes along each axis of space, as the following. */
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before each axis, then after each. */
  readonly pads: readonly number[];
  readonly channels: 'first' | 'last';
}

/** A window of any size is no larger than this along an axis. */
const extent = option.required(option.list(option.integer(1, 65535), 1));

/** Rules of {@link WindowAttributes}. */
export const windowRules = {
  kernel: extent,
  strides: extent,
  dilations: extent,
  pads: option.required(option.list(option.integer(0, 65535), 2)),
  channels: option.required(option.oneOf('first', 'last')),
};

/** Sizes along the axes of space, of an input of this shape. */
export const spaceOf = (shape: Sizes, channels: 'first' | 'last'): Sizes =>
  channels === 'first' ? shape.slice(2) : shape.slice(1, -1);

/** The index of the channels. */
export const channelAxis = (shape: Sizes, channels: 'first' | 'last'): number =>
  channels === 'first' ? 1 : shape.length - 1;

/** A shape of space and channels, the batch in front. */
export const shapeWith = (space: Sizes, count: number, channels: 'first' | 'last'): Sizes =>
  channels === 'first' ? [1, count, ...space] : [1, ...space, count];

/** Positions of the window along each axis of space. @throws BitgradError `shape-mismatch` where it does not fit */
export function positionsOf(shape: Sizes, a: WindowAttributes, node: SourceNode): number[] {
  const space = spaceOf(shape, a.channels);
  const n = space.length;
  const lists = [a.kernel, a.strides, a.dilations];
  if ((n !== 1 && n !== 2) || lists.some((list) => list.length !== n) || a.pads.length !== 2 * n)
    throw failure('shape-mismatch', {
      what: `window of node "${node.name}" (${node.op}) over an input of shape [${shape.join(', ')}]`,
      got: a.kernel,
      expected: 'one or two axes of space, with a size, a stride and a dilation for each, and two pads',
    });
  return space.map((size, i) => {
    const whole = size + a.pads[i]! + a.pads[n + i]!;
    const count = windowPositions(whole, a.kernel[i]!, a.strides[i]!, a.dilations[i]!);
    if (count < 1) throw failure('shape-mismatch', { what: `window of node "${node.name}" (${node.op})`, got: windowExtent(a.kernel[i]!, a.dilations[i]!), expected: `at most ${whole}, the padded input` }); // prettier-ignore
    return count;
  });
}

/** The window of the plan, over height and width; a signal is an image of height 1. */
export function planWindow({ kernel, strides, dilations, pads }: WindowAttributes): Window {
  const two = (list: readonly number[], fill: number): [number, number] =>
    list.length === 1 ? [fill, list[0]!] : [list[0]!, list[1]!];
  const [top, left] = two(pads.slice(0, kernel.length), 0);
  const [bottom, right] = two(pads.slice(kernel.length), 0);
  return {
    kernel: two(kernel, 1),
    strides: two(strides, 1),
    dilations: two(dilations, 1),
    pads: [top, left, bottom, right],
  };
}

/** Padding as TensorFlow has it under `same`, or none. */
export function padsFor(
  space: Sizes,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: 'valid' | 'same',
): number[] {
  const axes = space.map((size, i) => axisWindow(size, kernel[i]!, strides[i]!, dilations[i]!, padding));
  return [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)];
}

/**
 * Calls back for each real tap of each position: indices of the position, of the input and of the tap, all over space
 * flattened.
 */
export function eachTap(
  space: Sizes,
  positions: Sizes,
  a: WindowAttributes,
  visit: (position: number, input: number, tap: number) => void,
  padded: (position: number, tap: number) => void = () => {},
): void {
  const two = (list: Sizes): [number, number] => (list.length === 1 ? [1, list[0]!] : [list[0]!, list[1]!]);
  const { kernel, strides, dilations, pads } = planWindow(a);
  const [[h, w], [oh, ow]] = [two(space), two(positions)];
  for (let y = 0; y < oh; y++)
    for (let x = 0; x < ow; x++)
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++) {
          const row = y * strides[0] - pads[0] + i * dilations[0];
          const column = x * strides[1] - pads[1] + j * dilations[1];
          const tap = i * kernel[1] + j;
          if (row >= 0 && row < h && column >= 0 && column < w) visit(y * ow + x, row * w + column, tap);
          else padded(y * ow + x, tap);
        }
}
