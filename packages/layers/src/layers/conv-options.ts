// Options that the convolution layers share, their checks and their output sizes.
import type * as tf from '@tensorflow/tfjs-core';
import { axisWindow, windowExtent } from '@bitgrad/bits';
import { BitgradError, option, paddingOf, paddingRule, type Padding2d } from '@bitgrad/core';
import { singleShape, type Shape } from '../keras.js';
import type { ProductArgs } from '../product-layer.js';
import { pair, type Conv2dGeometry } from '../product.js';

/** Padding as a layer takes it. */
type Padding = Padding2d | number | readonly [height: number, width: number];

/** Options of every convolution layer. */
export interface ConvArgs extends ProductArgs {
  /** Height and width of the kernel. */
  kernelSize: number | [number, number] | number[];
  /** Default 1. */
  strides?: number | [number, number] | number[];
  /**
   * 'valid' (default): none; 'same': TensorFlow's, which pads a stride of 2 less before than after; or the numbers of
   * pixels, as in PyTorch: one for every side, [height, width], or [[top, bottom], [left, right]].
   */
  padding?: Padding;
  /** Default 1; written out as zeros in the kernel, because tfjs has no gradient of dilated convolutions. */
  dilationRate?: number | [number, number] | number[];
  /** What padding pads with, after quantization: 0 (default) or 1, which keeps a +-1 input +-1. */
  padValues?: 0 | 1;
  /** Only 'channelsLast'. */
  dataFormat?: 'channelsLast';
}

/** The checked options of a convolution. */
export interface ConvOptions extends Conv2dGeometry {
  readonly kernelSize: readonly [number, number];
}

const invalid = (what: string, got: unknown, expected: string): never => {
  throw new BitgradError({ code: 'invalid-option', source: 'layers', what, got, expected });
};

/** The padding of every side; @throws BitgradError `invalid-option`, also where a window would see nothing else */
function paddingFor(given: Padding, extents: readonly number[]): Padding2d {
  const [h, w] = Array.isArray(given) ? (given as unknown[]) : [given, given];
  const counts =
    [h, w].every((n) => option.integer(0).allows(n)) && (!Array.isArray(given) || given.length === 2);
  const padding = counts ? [[h, h], [w, w]] : given; // prettier-ignore
  if (!paddingRule.allows(padding))
    return invalid('padding of a convolution', given, `${paddingRule.expected}, or one or two of them`);
  if (
    Array.isArray(padding) &&
    padding.some((side, axis) => Math.max(...(side as number[])) >= extents[axis]!)
  )
    invalid('padding of a convolution', given, `less on every side than its window, ${extents.join(' x ')}`);
  return padding as Padding2d;
}

/** @throws BitgradError `invalid-option` that names the option */
export function convOptions(given: ConvArgs | undefined, groups = 1): ConvOptions {
  const args = given ?? ({} as ConvArgs);
  const { padding = 'valid', padValues = 0, dataFormat = 'channelsLast' } = args;
  if (padValues !== 0 && padValues !== 1) invalid('padValues of a convolution', padValues, '0 or 1');
  if (dataFormat !== 'channelsLast') invalid('dataFormat of a convolution', dataFormat, "'channelsLast'");
  if (args.kernelSize === undefined)
    invalid('kernelSize of a convolution', undefined, 'a positive integer or two');
  const kernelSize = pair(args.kernelSize, 'kernelSize');
  const dilations = pair(args.dilationRate, 'dilationRate');
  const extents = kernelSize.map((size, axis) => windowExtent(size, dilations[axis]!));
  return {
    kernelSize,
    strides: pair(args.strides, 'strides'),
    dilations,
    padding: paddingFor(padding, extents),
    padValues,
    groups,
  };
}

/** @throws BitgradError `invalid-option` unless it is a positive integer */
export function positiveInteger(value: unknown, option: string): number {
  return Number.isInteger(value) && (value as number) > 0
    ? (value as number)
    : invalid(option, value, 'a positive integer');
}

/** The options as they are saved. */
export const convConfig = (options: ConvOptions): tf.serialization.ConfigDict => ({
  kernelSize: [...options.kernelSize],
  strides: [...options.strides],
  dilationRate: [...options.dilations],
  padding: typeof options.padding === 'string' ? options.padding : options.padding.map((side) => [...side]),
  padValues: options.padValues,
  dataFormat: 'channelsLast',
});

/** Output shape of a 2-D convolution with so many output channels. */
export function convOutputShape(
  inputShape: Shape | Shape[],
  options: ConvOptions,
  channels: (ofInput: number) => number,
): Shape {
  const [n, h, w, c] = singleShape(inputShape) as [number | null, number | null, number | null, number];
  return [n, convOutputSize(h, options, 0), convOutputSize(w, options, 1), channels(c)];
}

/** Output size of a convolution along `axis` (0 height, 1 width); null for an unknown input size. */
export function convOutputSize(size: number | null, options: ConvOptions, axis: 0 | 1): number | null {
  if (size === null || size === undefined) return null;
  const { kernelSize, strides, dilations, padding } = options;
  return Math.max(
    0,
    axisWindow(size, kernelSize[axis], strides[axis], dilations[axis], paddingOf(padding, axis)).size,
  );
}
