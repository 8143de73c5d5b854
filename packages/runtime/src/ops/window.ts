// Windows that slide over images: their attributes, and how large the result is.
import { windowExtent, windowPositions } from '@bitgrad/bits';
import type { ElementType } from '../plan.js';
import { pads, pair, type AttributesOf } from './attributes.js';
import type { RuleArguments, RuleResult } from './define.js';

/** The attributes of a window. */
export const windowAttributes = {
  /** [height, width], >= 1, height * width <= 2^20. */
  kernel: pair(),
  /** [vertical, horizontal], >= 1; default 1. */
  strides: pair([1, 1]),
  /** [vertical, horizontal], >= 1; default 1, a dense window. */
  dilations: pair([1, 1]),
  /** [top, left, bottom, right], >= 0, each less than the dilated extent of the kernel on that axis; default 0. */
  pads,
};

/**
 * A sliding window over [h, w, c]. Output position (y, x) covers input positions
 * (y * strides[0] - pads[0] + i * dilations[0], x * strides[1] - pads[1] + j * dilations[1])
 * for 0 <= i < kernel[0], 0 <= j < kernel[1]; those outside the input are *padded taps*.
 * Output height = floor((h + pads[0] + pads[2] - (kernel[0] - 1) * dilations[0] - 1) / strides[0]) + 1 >= 1,
 * and width alike.
 */
export type Window = AttributesOf<typeof windowAttributes>;

/** What finding the place of a tap costs, in multiply-accumulates: most of the work where there are few channels. */
export const tapCost = 16;

/** Checks a window against input 0 and returns the output's height and width. */
export function windowOutput({ a, x, need }: RuleArguments<Window>): [height: number, width: number] {
  const { shape } = x[0]!;
  need(shape.length === 3, 'inputs[0].shape', shape, '3 axes: height, width, channels');
  need(a.kernel[0] * a.kernel[1] <= 2 ** 20, 'kernel', a.kernel, 'at most 2^20 taps');
  return ([0, 1] as const).map((axis) => {
    const extent = windowExtent(a.kernel[axis], a.dilations[axis]);
    for (const pad of [axis, (axis + 2) as 2 | 3])
      need(a.pads[pad] < extent, `pads[${pad}]`, a.pads[pad], `less than the window, ${extent}`);
    const size = shape[axis]! + a.pads[axis] + a.pads[(axis + 2) as 2 | 3];
    need(extent <= size, `kernel[${axis}]`, a.kernel[axis], `a window within the padded input, ${size}`);
    return windowPositions(size, a.kernel[axis], a.strides[axis], a.dilations[axis]);
  }) as [number, number];
}

/** The rule of pooling, which gives elements of `type`. */
export function pooled(args: RuleArguments<Window>, type: ElementType): RuleResult {
  const { a, x, need } = args;
  const [h, w] = windowOutput(args);
  need(
    a.dilations.every((d) => d === 1),
    'dilations',
    a.dilations,
    '[1, 1]',
  );
  const shape = [h, w, x[0]!.shape[2]!];
  return { type, shape, cost: h * w * (shape[2]! + tapCost) * a.kernel[0] * a.kernel[1] };
}
