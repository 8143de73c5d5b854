// Layers that move, pool or join values.
import { elementsOf } from '../packing/emit.js';
import { shapeOf, type Value } from '../packing/value.js';
import type { GraphLayer } from '../graph.js';
import {
  asFloat,
  emit,
  needChannelsLast,
  pairOf,
  windowOf,
  type Lowering,
  type LoweringContext,
} from './context.js';

const poolWindow = (layer: GraphLayer, shape: readonly number[]) => {
  const config = layer.getConfig() as { poolSize: unknown; strides: unknown; padding: string };
  needChannelsLast(layer);
  const size = pairOf(config.poolSize);
  return windowOf(layer, shape, size, pairOf(config.strides ?? size), [1, 1], config.padding);
};

/** Max pooling stays pending: a sign that follows moves in front of it. */
export const maxPool: Lowering = (layer, [x], context) => {
  const value = x!.pool || x!.reshape ? asFloat(x!, context) : x!;
  const { out, window } = poolWindow(layer, value.shape);
  return { ...value, pool: { name: layer.name, window, shape: [...out, value.shape[2]!] } };
};

/** Average pooling, in float32. */
export const averagePool: Lowering = (layer, [x], context) => {
  const value = asFloat(x!, context);
  const { window } = poolWindow(layer, value.shape);
  return emit(layer, { op: 'avgPool', inputs: [value.buffer], ...window }, context);
};

const globalWindow = (layer: GraphLayer, shape: readonly number[]) => {
  needChannelsLast(layer);
  return windowOf(layer, shape, shape, [1, 1], [1, 1], 'valid').window;
};

/** A 1-D signal [t, c] as an image of width 1, and back: pooling of one axis is that of two. */
const pool1d =
  (op: 'maxPool' | 'avgPool', global: boolean): Lowering =>
  (layer, [x], context) => {
    needChannelsLast(layer);
    const { buffer, shape } = asFloat(x!, context);
    const [t, c] = shape as [number, number];
    const config = layer.getConfig() as { poolSize: unknown; strides?: unknown; padding: string };
    const [size] = global ? [t] : pairOf(config.poolSize);
    const [stride] = global ? [1] : pairOf(config.strides ?? size);
    const padding = global ? 'valid' : config.padding;
    const { out, window } = windowOf(layer, [t, 1], [size!, 1], [stride!, 1], [1, 1], padding);
    const image = emit(layer, { op: 'reshape', inputs: [buffer] }, context, [t, 1, c]);
    const pooled = emit(layer, { op, inputs: [image.buffer], ...window }, context);
    return { ...pooled, reshape: global ? [c] : [out[0], c] };
  };

/** Maximum of windows of a 1-D signal. */
export const maxPool1d = pool1d('maxPool', false);
/** Mean of windows of a 1-D signal. */
export const averagePool1d = pool1d('avgPool', false);
/** Maximum over a 1-D signal. */
export const globalMaxPool1d = pool1d('maxPool', true);
/** Mean over the tokens, or over a 1-D signal. */
export const globalAveragePool1d = pool1d('avgPool', true);

/** Mean over height and width. */
export const globalAveragePool: Lowering = (layer, [x], context) => {
  const value = asFloat(x!, context);
  const window = globalWindow(layer, value.shape);
  const mean = emit(layer, { op: 'avgPool', inputs: [value.buffer], ...window }, context);
  return { ...mean, reshape: [value.shape[2]!] };
};

/** Maximum over height and width; stays pending like any max pool. */
export const globalMaxPool: Lowering = (layer, [x], context) => {
  const value = x!.pool || x!.reshape ? asFloat(x!, context) : x!;
  const c = value.shape[2]!;
  return {
    ...value,
    pool: { name: layer.name, window: globalWindow(layer, value.shape), shape: [1, 1, c] },
    reshape: [c],
  };
};

/** The value as the plan's transpose writes it: output axis i is input axis permutation[i]. */
const transposed = (layer: GraphLayer, x: Value, permutation: number[], context: LoweringContext): Value =>
  emit(layer, { op: 'transpose', inputs: [asFloat(x, context).buffer], permutation }, context);

/** Permutation of all axes but the batch. */
export const permute: Lowering = (layer, [x], context) => {
  const { dims } = layer.getConfig() as { dims: number[] };
  return transposed(layer, x!, dims.map((d) => d - 1), context); // prettier-ignore
};

/** Flatten and Reshape: stay pending, so that a sign that follows comes first. */
export const reshape: Lowering = (layer, [x], context) => {
  const config = layer.getConfig() as { targetShape?: (number | null)[]; dataFormat?: string };
  const total = elementsOf(x!);
  const { length } = shapeOf(x!);
  // Flatten by itself moves the channels to the end.
  if (config.dataFormat === 'channelsFirst' && length > 1) {
    const order = Array.from({ length }, (_, i) => (i + 1) % length);
    return { ...transposed(layer, x!, order, context), reshape: [total] };
  }
  const target = config.targetShape ?? [total];
  const rest = target.reduce<number>((a, d) => a * (d && d > 0 ? d : 1), 1);
  return { ...x!, reshape: target.map((d) => (d && d > 0 ? d : total / rest)) };
};

/** Bitgrad's own padding of height, width and channels with a constant, in float32. */
export const padding: Lowering = (layer, [x], context) => {
  const { rows, columns, channels, value } = layer.getConfig() as unknown as Record<string, number[]> & {
    value: number;
  };
  const [before, after] = [0, 1].map((side) => [rows![side]!, columns![side]!, channels![side]!]);
  const draft = {
    op: 'pad',
    inputs: [asFloat(x!, context).buffer],
    before: before!,
    after: after!,
    value,
  } as const;
  return emit(layer, draft, context);
};

/** Padding of height and width with zeros, in float32. */
export const zeroPadding: Lowering = (layer, [x], context) => {
  needChannelsLast(layer);
  const [[top, bottom], [left, right]] = (
    layer.getConfig() as { padding: [[number, number], [number, number]] }
  ).padding;
  const ends = { before: [top, left, 0], after: [bottom, right, 0] };
  return emit(layer, { op: 'pad', inputs: [asFloat(x!, context).buffer], ...ends, value: 0 }, context);
};
