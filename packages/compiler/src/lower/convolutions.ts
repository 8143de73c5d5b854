// Convolutions and dense layers of bitgrad and of tfjs-layers, by geometry.
import { isQuantLayer } from '@bitgrad/layers';
import type { Shape, Window } from '@bitgrad/runtime';
import { uniformToFloat } from '../packing/emit.js';
import type { GraphLayer } from '../graph.js';
import { shapeOf, type Value } from '../packing/value.js';
import {
  asFloat,
  emit,
  needChannelsLast,
  pairOf,
  windowOf,
  type Lowering,
  type LoweringContext,
} from './context.js';
import { planesFit, planeShift, toPlanes } from '../first-layer.js';
import { toInt8 } from '../int8.js';
import { storeKernel, type KernelLayout, type StoredKernel } from '../packing/kernel.js';
import { byteOperand, floatOperand, paddedTap, type Operand } from '../packing/product.js';
import { kernelOf, layerValue, operandOf } from './product.js';

interface ConvConfig {
  filters: number;
  kernelSize: unknown;
  strides?: unknown;
  dilationRate?: unknown;
  padding?: unknown;
  padValues?: 0 | 1;
  groups?: number;
  depthMultiplier?: number;
  dataFormat?: string;
}

interface Geometry {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: unknown;
  readonly padValue: number;
}

const configOf = (layer: GraphLayer): ConvConfig => {
  needChannelsLast(layer);
  return layer.getConfig() as unknown as ConvConfig;
};

const geometryOf = (config: ConvConfig): Geometry => ({
  kernel: pairOf(config.kernelSize),
  strides: pairOf(config.strides ?? 1),
  dilations: pairOf(config.dilationRate ?? 1),
  padding: config.padding ?? 'valid',
  padValue: config.padValues ?? 0,
});

const noTap = { shift: 0, padValue: 0 };

/** An operand and window whose padding the plan can write: integers by a padded tap, floats by an op of its own. */
const padded = (
  layer: GraphLayer,
  value: Value,
  given: Operand,
  window: Window,
  padValue: number,
  context: LoweringContext,
): { operand: Operand; window: Window; tap: { shift: number; padValue: number } } => {
  const { builder, fallbacks } = context;
  if (window.pads.every((p) => p === 0)) return { operand: given, window, tap: noTap };
  const tap = given.type === 'f32' ? undefined : paddedTap(given, padValue);
  if (tap) return { operand: given, window, tap };
  let operand = given;
  if (given.type !== 'f32') {
    fallbacks.push({
      layer: layer.name,
      reason: 'its padding has no integer value in the coding of its input',
    });
    const { unit, offset, buffer } = given;
    const float =
      given.type === 'bits'
        ? uniformToFloat(builder, buffer, unit, offset, layer.name)
        : asFloat(value, context).buffer;
    operand = floatOperand(float, given.shape);
  }
  if (padValue === 0) return { operand, window, tap: noTap };
  const [top, left, bottom, right] = window.pads;
  const ends = { before: [top, left, 0], after: [bottom, right, 0] };
  const { buffer, shape } = emit(
    layer,
    { op: 'pad', inputs: [operand.buffer], ...ends, value: padValue },
    context,
  );
  return { operand: floatOperand(buffer, shape), window: { ...window, pads: [0, 0, 0, 0] }, tap: noTap };
};

/** Output rows of a matrix kernel: tfjs has [..., inputs, outputs], plans have [outputs, ..., inputs]. */
const transposed = (shape: Shape, channels: number): KernelLayout => {
  const rows = shape.slice(1).reduce((a, b) => a * b, 1);
  return {
    shape,
    channels,
    channelOf: (i) => Math.floor(i / rows),
    order: (i) => (i % rows) * channels + Math.floor(i / rows),
  };
};

/**
 * A float convolution of bytes as the sum of two integer ones, the planes of its kernel.
 * @returns undefined where padding or normalization have no integers, or the sums no room
 */
const integerConvolution = (
  layer: GraphLayer,
  value: Value,
  window: Window,
  padValue: number,
  groups: number,
  channels: number,
  context: LoweringContext,
): Value | undefined => {
  const operand = byteOperand(value);
  const length = shapeOf(value)[2]! / groups;
  const tap = operand && window.pads.some((p) => p > 0) ? paddedTap(operand, padValue) : noTap;
  if (!operand || !tap || !planesFit(window.kernel[0] * window.kernel[1] * length, tap)) return undefined;
  const layout = transposed([channels, ...window.kernel, length], channels);
  const planes = toPlanes(kernelOf(layer, 'kernel', channels), channels);
  const [high, low] = planes.map((plane) => storeKernel(plane, layout, 'u8', context.builder)) as [
    StoredKernel,
    StoredKernel,
  ];
  const sums = [high, low].map(({ weight }, i) => {
    const by = i === 0 ? planeShift : 0;
    const ends = { inputs: [operand.buffer], weights: [weight] as const };
    const padding = { shift: tap.shift + by, padValue: tap.padValue * 2 ** by };
    return emit(layer, { op: 'conv', ...ends, ...window, groups, ...padding }, context).buffer;
  });
  const total = (of: 'sums' | 'magnitudes') => high[of].map((h, c) => h * 2 ** planeShift + low[of][c]!);
  const kernel = { ...high, sums: total('sums'), magnitudes: total('magnitudes') };
  return layerValue(layer, emit(layer, { op: 'add', inputs: sums }, context), operand, kernel, tap, context);
};

const convolve = (
  layer: GraphLayer,
  value: Value,
  g: Geometry,
  channels: number,
  groups: number,
  context: LoweringContext,
): Value => {
  const shape = shapeOf(value);
  const geometry = windowOf(layer, shape, g.kernel, g.strides, g.dilations, g.padding);
  if (context.rounding.integers === layer.name) {
    const whole = integerConvolution(layer, value, geometry.window, g.padValue, groups, channels, context);
    if (whole) return whole;
  }
  const deployed = kernelOf(layer, 'kernel', channels);
  const given = operandOf(layer, value, deployed, context);
  const { operand, window, tap } = padded(layer, value, given, geometry.window, g.padValue, context);
  const layout = transposed([channels, ...g.kernel, shape[2]! / groups], channels);
  const kernel = storeKernel(deployed, layout, operand.type, context.builder);
  const ends = { inputs: [operand.buffer], weights: [kernel.weight] as const };
  const sums = emit(layer, { op: 'conv', ...ends, ...window, groups, ...tap }, context);
  return layerValue(layer, sums, operand, kernel, tap, context);
};

/** Conv2D and QuantConv2D. */
export const conv2d: Lowering = (layer, [x], context) => {
  const config = configOf(layer);
  return convolve(layer, x!, geometryOf(config), config.filters, config.groups ?? 1, context);
};

/** Conv1D and QuantConv1D: a convolution of height 1. */
export const conv1d: Lowering = (layer, [x], context) => {
  const config = configOf(layer);
  const g = geometryOf(config);
  const last = ([size]: readonly [number, number]): [number, number] => [1, size];
  const padding = Array.isArray(g.padding) ? [[0, 0], g.padding] : g.padding; // prettier-ignore
  const flat = {
    ...g,
    padding,
    kernel: last(g.kernel),
    strides: last(g.strides),
    dilations: last(g.dilations),
  };
  const written = x!.reshape ? asFloat(x!, context) : x!;
  const y = convolve(layer, { ...written, reshape: [1, ...shapeOf(x!)] }, flat, config.filters, 1, context);
  return { ...y, reshape: shapeOf(y).slice(1) };
};

/** A depthwise convolution by a kernel of tfjs order [kh, kw, c, m], which is the plan's. */
const depthwise = (layer: GraphLayer, value: Value, context: LoweringContext): Value => {
  const config = configOf(layer);
  // TensorFlow.js ignores the dilation of its own DepthwiseConv2D, so that is what the model was trained as.
  const own = isQuantLayer(layer);
  const g = own ? geometryOf(config) : { ...geometryOf(config), dilations: [1, 1] as const };
  const shape = shapeOf(value);
  const multiplier = config.depthMultiplier ?? 1;
  const channels = shape[2]! * multiplier;
  const geometry = windowOf(layer, shape, g.kernel, g.strides, g.dilations, g.padding);
  const deployed = kernelOf(layer, 'depthwise', channels);
  const given = operandOf(layer, value, deployed, context);
  const { operand, window, tap } = padded(layer, value, given, geometry.window, g.padValue, context);
  const layout: KernelLayout = {
    shape: [...g.kernel, channels],
    channels,
    channelOf: (i) => i % channels,
    order: (i) => i,
  };
  const kernel = storeKernel(deployed, layout, operand.type, context.builder);
  const ends = { inputs: [operand.buffer], weights: [kernel.weight] as const };
  const sums = emit(layer, { op: 'depthwise', ...ends, ...window, multiplier, ...tap }, context);
  return layerValue(layer, sums, operand, kernel, tap, context);
};

/** DepthwiseConv2D and QuantDepthwiseConv2D. */
export const depthwiseConv2d: Lowering = (layer, [x], context) => depthwise(layer, x!, context);

/** QuantSeparableConv2D: depthwise, then 1x1 on its float sums; bias and activation belong to the second. */
export const separableConv2d: Lowering = (layer, [x], context) => {
  const first = Object.create(layer, { bias: { value: null }, activation: { value: null } }) as GraphLayer;
  const between = asFloat(depthwise(first, x!, context), context);
  const { filters } = configOf(layer);
  const layout = transposed([filters, 1, 1, between.shape[2]!], filters);
  const kernel = storeKernel(kernelOf(layer, 'pointwise', filters), layout, 'f32', context.builder);
  const { window } = windowOf(layer, between.shape, [1, 1], [1, 1], [1, 1], 'valid');
  const ends = { inputs: [between.buffer], weights: [kernel.weight] as const };
  const sums = emit(layer, { op: 'conv', ...ends, ...window, groups: 1, ...noTap }, context);
  const operand = floatOperand(between.buffer, between.shape);
  return layerValue(layer, sums, operand, kernel, noTap, context);
};

/** Dense and QuantDense, on each row. */
export const dense: Lowering = (layer, [x], context) => {
  const { units } = layer.getConfig() as { units: number };
  const own = kernelOf(layer, 'kernel', units);
  const deployed = context.rounding.int8 === layer.name ? toInt8(own, units) : own;
  const operand = operandOf(layer, x!, deployed, context);
  const layout = transposed([units, operand.shape.at(-1)!], units);
  const kernel = storeKernel(deployed, layout, operand.type, context.builder);
  const sums = emit(layer, { op: 'dense', inputs: [operand.buffer], weights: [kernel.weight] }, context);
  return layerValue(layer, sums, operand, kernel, noTap, context);
};
