// What every lowering is given, and the shape of a lowering: one function a layer class.
import { axisWindow } from '@bitgrad/bits';
import { BitgradError, paddingOf, paddingRule, type Padding2d } from '@bitgrad/core';
import type { OpDraft, PlanBuilder, Shape } from '@bitgrad/runtime';
import { materialize } from '../packing/emit.js';
import { plainValue, shapeOf, type Value } from '../packing/value.js';
import type { GraphLayer } from '../graph.js';

/** Names of layers with float kernels that are rounded. */
export interface Rounding {
  /** A convolution of bytes, to 15 bits; see first-layer.ts. */
  readonly integers?: string;
  /** A dense layer, to 8 bits; see int8.ts. */
  readonly int8?: string;
}

/** State of a compilation. */
export interface LoweringContext {
  readonly builder: PlanBuilder;
  /** Float32 buffers already emitted for values. */
  readonly memo: Map<Value, number>;
  /** Layers that could not be packed and run as float ops, with the reason. */
  readonly fallbacks: { layer: string; reason: string }[];
  readonly rounding: Rounding;
}

/** Turns one layer call into a value. */
export type Lowering = (layer: GraphLayer, inputs: readonly Value[], context: LoweringContext) => Value;

/** @throws BitgradError `unsupported-op`, always */
export function unsupported(layer: GraphLayer, what: string, next: string): never {
  throw new BitgradError({
    code: 'unsupported-op',
    source: 'compiler',
    what: `layer "${layer.name}" (${layer.getClassName()}): ${what}`,
    next,
  });
}

/**
 * Appends an op that is named after the layer.
 * @param shape of the result, for `slice` and `reshape`, where nothing else decides it
 * @returns its result, with nothing pending
 */
export function emit(layer: GraphLayer, draft: OpDraft, { builder }: LoweringContext, shape?: Shape): Value {
  const buffer = builder.op({ ...draft, name: layer.name }, shape);
  const result = builder.buffers[buffer]!;
  return plainValue(buffer, result.type as Value['type'], result.shape);
}

/** The value as a float32 value with nothing pending. */
export const asFloat = (value: Value, context: LoweringContext): Value =>
  plainValue(materialize(context.builder, value, context.memo), 'f32', shapeOf(value));

/**
 * A value whose signs can be found channel by channel: as it is, or in float32 where a reshape or a pool stands between
 * its channels and those of the quantizer.
 */
export const binarizable = (
  value: Value,
  { perChannel }: { readonly perChannel: boolean },
  context: LoweringContext,
): Value => {
  if (!perChannel || !value.reshape) return value;
  const aligned = value.reshape.at(-1)! % value.shape.at(-1)! === 0;
  return aligned && !value.pool ? value : asFloat(value, context);
};

/** @throws BitgradError `unsupported-op` for a layer whose channels are not the last axis */
export function needChannelsLast(layer: GraphLayer): void {
  const { dataFormat } = layer.getConfig() as { dataFormat?: string | null };
  if (dataFormat && dataFormat !== 'channelsLast')
    unsupported(layer, `dataFormat ${dataFormat}`, 'Use channelsLast.');
}

/**
 * Top, left, bottom, right padding and output size of a window along both axes, as tfjs computes them.
 * @throws BitgradError `unsupported-op` for another padding, and for a window that does not fit
 */
export function windowOf(
  layer: GraphLayer,
  [h, w]: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: unknown,
) {
  if (!paddingRule.allows(padding))
    unsupported(layer, `padding ${String(padding)}`, `Use ${paddingRule.expected}.`);
  const axis = (size: number, i: 0 | 1) =>
    axisWindow(size, kernel[i]!, strides[i]!, dilations[i]!, paddingOf(padding as Padding2d, i));
  const [y, x] = [axis(h!, 0), axis(w!, 1)];
  if (!(y.size > 0 && x.size > 0))
    unsupported(
      layer,
      `a window of ${kernel.join(' x ')} on an input of ${h} x ${w}`,
      'Use a larger input, a smaller window, or padding.',
    );
  const two = (v: readonly number[]) => [v[0]!, v[1]!] as [number, number];
  return {
    out: [y.size, x.size] as [number, number],
    window: {
      kernel: two(kernel),
      strides: two(strides),
      dilations: two(dilations),
      pads: [y.before, x.before, y.after, x.after] as [number, number, number, number],
    },
  };
}

/** A number or a pair as a pair. */
export const pairOf = (value: unknown): [number, number] =>
  Array.isArray(value)
    ? [value[0] as number, (value[1] ?? value[0]) as number]
    : [value as number, value as number];
