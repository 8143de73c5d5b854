// Options that the convolution layers share, their checks and their output sizes.
import type * as tf from '@tensorflow/tfjs-core';
import { axisWindow } from '@bitgrad/bits';
import { BitgradError } from '@bitgrad/core';
import type { ProductArgs } from '../product-layer.js';
import { pair, type Conv2dGeometry } from '../product.js';

/** Options of every convolution layer. */
export interface ConvArgs extends ProductArgs {
  /** Height and width of the kernel. */
  kernelSize: number | [number, number] | number[];
  /** Default 1. */
  strides?: number | [number, number] | number[];
  /** Default 'valid'. */
  padding?: 'valid' | 'same';
  /** Default 1; written out as zeros in the kernel, because tfjs has no gradient of dilated convolutions. */
  dilationRate?: number | [number, number] | number[];
  /** What 'same' padding pads with, after quantization: 0 (default) or 1, which keeps a +-1 input +-1. */
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

/** @throws BitgradError `invalid-option` that names the option */
export function convOptions(given: ConvArgs | undefined, groups = 1): ConvOptions {
  const args = given ?? ({} as ConvArgs);
  const { padding = 'valid', padValues = 0, dataFormat = 'channelsLast' } = args;
  if (padding !== 'valid' && padding !== 'same')
    invalid('padding of a convolution', padding, "'valid' or 'same'");
  if (padValues !== 0 && padValues !== 1) invalid('padValues of a convolution', padValues, '0 or 1');
  if (dataFormat !== 'channelsLast') invalid('dataFormat of a convolution', dataFormat, "'channelsLast'");
  if (args.kernelSize === undefined)
    invalid('kernelSize of a convolution', undefined, 'a positive integer or two');
  return {
    kernelSize: pair(args.kernelSize, 'kernelSize'),
    strides: pair(args.strides, 'strides'),
    dilations: pair(args.dilationRate, 'dilationRate'),
    padding,
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
  padding: options.padding,
  padValues: options.padValues,
  dataFormat: 'channelsLast',
});

/** Output size of a convolution along `axis` (0 height, 1 width); null for an unknown input size. */
export function convOutputSize(size: number | null, options: ConvOptions, axis: 0 | 1): number | null {
  if (size === null || size === undefined) return null;
  const { kernelSize, strides, dilations, padding } = options;
  return Math.max(0, axisWindow(size, kernelSize[axis], strides[axis], dilations[axis], padding).size);
}
