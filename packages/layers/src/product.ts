// Products of quantized tensors. Order of operations, on every backend: exact sums of levels first (packed kernels where
// both sides are +-1), then the kernel's scale of each output channel, then the input's scale. The result equals the
// product of the scaled tensors up to float rounding, and exactly what a compiled model computes.
import * as tf from '@tensorflow/tfjs-core';
import { axisWindow } from '@bitgrad/bits';
import {
  BitgradError,
  binaryConv2d,
  binaryMatMul,
  checkValue,
  hasKernel,
  option,
  paddingOf,
  scaled,
  signConv2d,
  tfjsPadding,
  type Padding2d,
} from '@bitgrad/core';
import type { QuantizedParts } from './quantizers.js';

/** Geometry of a 2-D convolution in NHWC. */
export interface Conv2dGeometry {
  readonly strides: readonly [number, number];
  readonly padding: Padding2d;
  readonly dilations: readonly [number, number];
  /** What padded pixels hold: 0, or 1 (the level +1). */
  readonly padValues: 0 | 1;
  /** Channel groups; only {@link quantizedConv2d} takes more than 1. */
  readonly groups: number;
}

/** The tensor with its scale taken off where the scale commutes with a product, else multiplied in. */
interface Factor {
  readonly levels: tf.Tensor;
  readonly exact: boolean;
  /** Broadcasts against the product. */
  readonly scale?: tf.Tensor;
}

/**
 * A kernel's scale as a vector of the output channels, where it varies along `channelAxes` alone; null where it varies along others,
 * undefined where there is none.
 */
function scaleOfChannels(
  scale: tf.Tensor | undefined,
  shape: readonly number[],
  channelAxes: readonly number[],
): tf.Tensor | null | undefined {
  if (!scale) return undefined;
  const rank = shape.length;
  const target = shape.map((size, axis) => (channelAxes.includes(axis - rank) ? size : 1));
  const padded = [...Array<number>(rank - scale.rank).fill(1), ...scale.shape];
  if (!padded.every((size, axis) => size === 1 || size === target[axis])) return null;
  return tf.reshape(tf.broadcastTo(tf.reshape(scale, padded), target), [-1]);
}

/** A kernel with its scale, of each output channel where that is all. */
function kernelFactor({ levels, scale, exact }: QuantizedParts, channelAxes: readonly number[]): Factor {
  const vector = scaleOfChannels(scale, levels.shape, channelAxes);
  if (vector === null) return { levels: scaled(levels, scale!), exact: false };
  return { levels, exact, ...(vector && { scale: vector }) };
}

/** An input's scale commutes when each example has one. */
function inputFactor({ levels, scale, exact }: QuantizedParts): Factor {
  if (!scale) return { levels, exact };
  const perExample = scale.rank === levels.rank && scale.shape.slice(1).every((size) => size === 1);
  if (scale.size === 1) return { levels, exact, scale: tf.reshape(scale, []) };
  return perExample ? { levels, exact, scale } : { levels: scaled(levels, scale), exact: false };
}

const rescale = (product: tf.Tensor, kernel: Factor, input: Factor): tf.Tensor => {
  const y = kernel.scale ? scaled(product, kernel.scale) : product;
  return input.scale ? scaled(y, input.scale) : y;
};

/**
 * Matrix product over the last axis of x.
 * @param x parts of [..., k]
 * @param kernel parts of [k, units]
 * @returns [..., units]
 */
export function quantizedMatMul(x: QuantizedParts, kernel: QuantizedParts): tf.Tensor {
  const input = inputFactor(x);
  const weights = kernelFactor(kernel, [-1]);
  const [k, units] = weights.levels.shape as [number, number];
  const a = tf.reshape(input.levels, [-1, k]) as tf.Tensor2D;
  const b = weights.levels as tf.Tensor2D;
  const product = input.exact && weights.exact ? binaryMatMul(a, b) : tf.matMul(a, b);
  return rescale(tf.reshape(product, [...input.levels.shape.slice(0, -1), units]), weights, input);
}

const kernelRule = option.required(
  option.of('a tensor [kh, kw, c, o]', (v) => (v as { shape?: unknown[] } | null)?.shape?.length === 4),
);
const pairRule = option.required(
  option.of(
    'two positive integers',
    (v) => Array.isArray(v) && v.length === 2 && v.every((n) => option.integer(1).allows(n)),
  ),
);

/**
 * A kernel with its dilation written out as zeros, so that it is used with dilation 1: tfjs has no gradient of dilated
 * convolutions, and refuses strides together with dilations.
 * @param kernel [kh, kw, c, o]
 * @returns [(kh - 1) * dh + 1, (kw - 1) * dw + 1, c, o]
 * @throws BitgradError `invalid-option`
 */
export function dilateKernel(kernel: tf.Tensor4D, dilations: readonly [number, number]): tf.Tensor4D {
  checkValue('layers', 'kernel given to dilateKernel', kernel, kernelRule);
  checkValue('layers', 'dilations given to dilateKernel', dilations, pairRule);
  const [dh, dw] = dilations;
  if (dh === 1 && dw === 1) return kernel;
  const [kh, kw, c, o] = kernel.shape;
  const [h, w] = [(kh - 1) * dh + 1, (kw - 1) * dw + 1];
  const rows = tf.pad(tf.reshape(kernel, [kh, 1, kw * c * o]), [[0, 0], [0, dh - 1], [0, 0]]); // prettier-ignore
  const cut = tf.slice(tf.reshape(rows, [kh * dh, kw * c * o]), [0, 0], [h, kw * c * o]);
  const columns = tf.pad(tf.reshape(cut, [h * kw, 1, c * o]), [[0, 0], [0, dw - 1], [0, 0]]); // prettier-ignore
  return tf.reshape(tf.slice(tf.reshape(columns, [h, kw * dw, c * o]), [0, 0, 0], [h, w, c * o]), [
    h,
    w,
    c,
    o,
  ]);
}

/** Pads with the level +1 where the geometry asks for it; what is left for the convolution is then 'valid'. */
function padInput(
  x: QuantizedParts,
  kernelSize: readonly [number, number],
  { strides, padding, padValues }: Conv2dGeometry,
): { x: QuantizedParts; padding: Padding2d } {
  if (padding === 'valid' || padValues === 0) return { x, padding };
  const pads = x.levels.shape.map((size, axis): [number, number] => {
    if (axis !== 1 && axis !== 2) return [0, 0];
    const { before, after } = axisWindow(
      size,
      kernelSize[axis - 1]!,
      strides[axis - 1]!,
      1,
      paddingOf(padding, (axis - 1) as 0 | 1),
    );
    return [before, after];
  });
  const { scale } = x;
  // A scale of each pixel (XNOR-Net's K) has no value outside the image: 1 there, so that the padding is +1.
  const spatial = scale !== undefined && scale.rank === 4 && (scale.shape[1] !== 1 || scale.shape[2] !== 1);
  return {
    x: {
      ...x,
      // Padded levels are the signs of no latent tensor.
      latent: undefined,
      levels: tf.pad(x.levels, pads, 1),
      ...(spatial ? { scale: tf.pad(scale, pads.map((p, i) => (scale.shape[i] === 1 ? [0, 0] : p)) as [number, number][], 1) } : {}), // prettier-ignore
    },
    padding: 'valid',
  };
}

/**
 * 2-D convolution.
 * @param x parts of [n, h, w, c]
 * @param kernel parts of [kh, kw, c / groups, o]
 */
export function quantizedConv2d(
  x: QuantizedParts,
  kernel: QuantizedParts,
  geometry: Conv2dGeometry,
): tf.Tensor4D {
  return ofSigns(x, kernel, geometry) ?? ofLevels(x, kernel, geometry);
}

/** The convolution in one op, where both sides are signs and the backend has it. */
function ofSigns(
  { latent: image, scale }: QuantizedParts,
  kernel: QuantizedParts,
  { strides, padding, dilations, padValues, groups }: Conv2dGeometry,
): tf.Tensor4D | undefined {
  const plain = groups === 1 && dilations.every((d) => d === 1) && (padValues === 0 || padding === 'valid');
  if (!image || !kernel.latent || scale || !plain || !hasKernel('BitgradSignConv2D')) return undefined;
  const factor = scaleOfChannels(kernel.scale, kernel.latent.x.shape, [-1]);
  if (factor === null) return undefined;
  const product = signConv2d(image, kernel.latent, { strides, padding });
  return factor ? scaled(product, factor) : product;
}

function ofLevels(x: QuantizedParts, kernel: QuantizedParts, geometry: Conv2dGeometry): tf.Tensor4D {
  const weights = kernelFactor(kernel, [-1]);
  const filter = dilateKernel(weights.levels as tf.Tensor4D, geometry.dilations);
  const padded = padInput(x, [filter.shape[0], filter.shape[1]], geometry);
  const input = inputFactor(padded.x);
  // A dilated kernel holds zeros beside +-1.
  const exact = input.exact && weights.exact && filter === weights.levels;
  const strides = [...geometry.strides] as [number, number];
  const { padding } = padded;
  const convolve = (a: tf.Tensor4D, b: tf.Tensor4D) =>
    exact ? binaryConv2d(a, b, { strides, padding }) : tf.conv2d(a, b, strides, tfjsPadding(padding));
  const a = input.levels as tf.Tensor4D;
  const { groups } = geometry;
  if (groups === 1) return rescale(convolve(a, filter), weights, input) as tf.Tensor4D;
  const filters = tf.split(filter, groups, 3) as tf.Tensor4D[];
  const product = tf.concat((tf.split(a, groups, 3) as tf.Tensor4D[]).map((part, i) => convolve(part, filters[i]!)), 3); // prettier-ignore
  return rescale(product, weights, input) as tf.Tensor4D;
}

/**
 * Depthwise 2-D convolution.
 * @param x parts of [n, h, w, c]
 * @param kernel parts of [kh, kw, c, m]
 * @returns [n, h', w', c * m]
 */
export function quantizedDepthwiseConv2d(
  x: QuantizedParts,
  kernel: QuantizedParts,
  geometry: Conv2dGeometry,
): tf.Tensor4D {
  const weights = kernelFactor(kernel, [-2, -1]);
  const filter = dilateKernel(weights.levels as tf.Tensor4D, geometry.dilations);
  const padded = padInput(x, [filter.shape[0], filter.shape[1]], geometry);
  const input = inputFactor(padded.x);
  const product = tf.depthwiseConv2d(
    input.levels as tf.Tensor4D,
    filter,
    [...geometry.strides] as [number, number],
    tfjsPadding(padded.padding),
  );
  return rescale(product, weights, input) as tf.Tensor4D;
}

/**
 * Transposed 2-D convolution (the gradient of a convolution in its input).
 * @param x parts of [n, h, w, c]
 * @param kernel parts of [kh, kw, o, c]
 * @param outputSize height and width of the result
 */
export function quantizedConv2dTranspose(
  x: QuantizedParts,
  kernel: QuantizedParts,
  outputSize: readonly [number, number],
  strides: readonly [number, number],
  padding: 'valid' | 'same',
): tf.Tensor4D {
  const weights = kernelFactor(kernel, [-2]);
  const input = inputFactor(x);
  const filter = weights.levels as tf.Tensor4D;
  const product = tf.conv2dTranspose(
    input.levels as tf.Tensor4D,
    filter,
    [input.levels.shape[0]!, ...outputSize, filter.shape[2]],
    [...strides] as [number, number],
    padding,
  );
  return rescale(product, weights, input) as tf.Tensor4D;
}

/** The value of a product's output as the input of the next product: no levels any more. */
export const asInput = (x: tf.Tensor): QuantizedParts => ({ levels: x, exact: false });

/** One number for both axes, or two. */
export function pair(value: number | readonly number[] | null | undefined, option: string): [number, number] {
  const [a, b] = Array.isArray(value)
    ? value.length === 1
      ? [value[0], value[0]]
      : value
    : [value ?? 1, value ?? 1];
  if (
    ![a, b].every((n) => Number.isInteger(n) && (n as number) > 0) ||
    (Array.isArray(value) && value.length > 2)
  )
    throw new BitgradError({
      code: 'invalid-option',
      source: 'layers',
      what: `${option} of a convolution`,
      got: value,
      expected: 'a positive integer, or two of them [height, width]',
    });
  return [a as number, b as number];
}
