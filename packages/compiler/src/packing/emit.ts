// Turns pending values into ops: into float32 (materialize), or into bits by folding everything into thresholds (toBits).
import type { PlanBuilder, Shape } from '@bitgrad/runtime';
import { floatThresholds, integerThresholds, type Evaluate, type Threshold } from './probe.js';
import { emitSteps, thresholdWeights } from './steps.js';
import {
  asAffine,
  composeAffine,
  roundsAlike,
  shapeOf,
  type Affine,
  type Channelwise,
  type Lowered,
  type RowFunction,
  type Value,
  type Values,
} from './value.js';

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const channelsOf = (shape: Shape): number => shape.at(-1)!;

const affineOp = (builder: PlanBuilder, buffer: number, { scale, bias }: Affine, name: string): number => {
  const weights = [scale, bias].map((v) => builder.weight('f32', [v.length], Float32Array.from(v)));
  return builder.op({ op: 'affine', name, inputs: [buffer], weights: weights as [number, number] });
};

/** unit * x + offset as float32, the same for every channel. */
export const uniformToFloat = (
  builder: PlanBuilder,
  buffer: number,
  unit: number,
  offset: number,
  name: string,
): number => {
  const c = channelsOf(builder.buffers[buffer]!.shape);
  return affineOp(builder, buffer, { scale: Array(c).fill(unit), bias: Array(c).fill(offset) }, name);
};

const identity = (channels: number): Affine => ({
  scale: Array(channels).fill(1),
  bias: Array(channels).fill(0),
});

/** Applies a chain as float ops; consecutive affine functions become one. */
const lowerChain = (builder: PlanBuilder, start: number, chain: readonly Channelwise[]): number => {
  const { type, shape } = builder.buffers[start]!;
  const channels = channelsOf(shape);
  let buffer = start;
  let pending: Affine | undefined = type === 'f32' ? undefined : identity(channels);
  let pendingName = chain[0]?.name ?? 'to-float';
  const flush = (): void => {
    if (pending) buffer = affineOp(builder, buffer, pending, pendingName);
    pending = undefined;
  };
  const step = (name: string, lowered: Lowered): void => {
    if (lowered.kind === 'affine') {
      const { affine, apart, exact } = lowered;
      if (apart || (exact && pending && !roundsAlike(pending, affine))) flush();
      if (!pending) pendingName = name;
      pending = pending ? composeAffine(pending, lowered.affine) : lowered.affine;
      return;
    }
    flush();
    const base = { name, inputs: [buffer] };
    if (lowered.kind === 'clamp')
      buffer = builder.op({ op: 'clamp', ...base, min: lowered.min, max: lowered.max });
    else if (lowered.kind === 'steps') buffer = emitSteps(builder, buffer, lowered.steps, name);
    else if (lowered.kind === 'unary')
      buffer = builder.op({ op: 'unary', ...base, function: lowered.function });
    else {
      const weights = [lowered.before, lowered.slope, lowered.after].map((v) =>
        builder.weight('f32', [channels], Float32Array.from(v)),
      ) as [number, number, number];
      buffer = builder.op({ op: 'prelu', ...base, weights });
    }
  };
  for (const { name, lowered } of chain) for (const item of lowered) step(name, item);
  flush();
  return buffer;
};

const reshaped = (builder: PlanBuilder, buffer: number, { reshape }: Value): number =>
  reshape ? builder.op({ op: 'reshape', inputs: [buffer] }, reshape) : buffer;

/** The value as a float32 buffer of its shape; emitted once for each value. */
export function materialize(builder: PlanBuilder, value: Value, memo: Map<Value, number>): number {
  const known = memo.get(value);
  if (known !== undefined) return known;
  const { pool } = value;
  let buffer = value.buffer;
  if (!pool) buffer = lowerChain(builder, buffer, value.before);
  else {
    const draft = { op: 'maxPool' as const, name: pool.name, ...pool.window };
    const affine = asAffine(value.before, channelsOf(value.shape));
    if (affine?.scale.every((s) => s > 0)) {
      // Rounding is monotone, so an increasing affine function and a maximum commute exactly; integers pool cheaper.
      buffer = builder.op({ ...draft, inputs: [buffer] });
      buffer = lowerChain(builder, buffer, [...value.before, ...value.after]);
    } else {
      buffer = lowerChain(builder, buffer, value.before);
      buffer = builder.op({ ...draft, inputs: [buffer] });
      buffer = lowerChain(builder, buffer, value.after);
    }
  }
  buffer = reshaped(builder, buffer, value);
  memo.set(value, buffer);
  return buffer;
}

/** Makes bits of values; `perChannel` when channels may have codes of their own. */
export interface Binarization {
  /** Codes (+1 / -1) of a two-level quantizer. */
  readonly codes: RowFunction;
  readonly perChannel: boolean;
}

/** Shape of `count` rows of channel values, of the rank that layers expect. */
const rowsOf = (count: number, shape: Shape): number[] => [
  count,
  ...Array<number>(shape.length - 1).fill(1),
  channelsOf(shape),
];

/** Rows of channel values through a chain, as codes of what they are reshaped to. */
const evaluator =
  (shape: Shape, chain: readonly Channelwise[], codes: RowFunction, reshape: Shape = shape): Evaluate =>
  (values) => {
    const rows = rowsOf(values.length / channelsOf(shape), shape);
    const y = chain.reduce<Values>((x, f) => f.apply(x, rows), values);
    return codes(y, rowsOf(values.length / channelsOf(reshape), reshape));
  };

/** +1 where the function of the channel increases to +1 or is constant, -1 where it falls: by its ends. */
const directions = (channels: number, evaluate: Evaluate): Float32Array => {
  const ends = new Float32Array(2 * channels).fill(1e30).fill(-1e30, 0, channels);
  const codes = evaluate(ends, 2);
  return Float32Array.from({ length: channels }, (_, c) => (codes[c]! > codes[channels + c]! ? -1 : 1));
};

const thresholdOp = (
  builder: PlanBuilder,
  input: number,
  thresholds: readonly Threshold[],
  name: string,
): number => {
  const type = builder.buffers[input]!.type === 'f32' ? 'f32' : 'i32';
  const weights = thresholdWeights(builder, thresholds, type);
  return builder.op({ op: 'threshold', name, inputs: [input], weights });
};

/**
 * The value's codes as a `bits` buffer: one threshold and one flip a channel, before any pending max pool, since the
 * sign of a maximum is the maximum of the signs. Where the functions after the pool fall, the pool becomes a minimum:
 * codes are flipped around it.
 * @param name layer that binarizes, for reports and errors
 * @throws BitgradError `unsupported-op` when the sign is no threshold of the buffer
 */
export function toBits(
  builder: PlanBuilder,
  value: Value,
  { codes, perChannel }: Binarization,
  name: string,
): number {
  const channels = channelsOf(value.shape);
  const find = (evaluate: Evaluate, count = channels): Threshold[] =>
    value.range
      ? integerThresholds(value.range, count, evaluate, name)
      : floatThresholds(count, evaluate, name);
  const chain = [...value.before, ...value.after];
  const { pool, reshape } = value;
  if (perChannel && !pool && reshape) {
    // Channels of the reshaped value have codes of their own: it is reshaped first, and each gets a threshold.
    const found = find(evaluator(value.shape, chain, codes, reshape), channelsOf(reshape));
    return thresholdOp(builder, reshaped(builder, value.buffer, value), found, name);
  }
  const whole = evaluator(value.shape, chain, codes);
  if (!pool) return reshaped(builder, thresholdOp(builder, value.buffer, find(whole), name), value);
  const direction = directions(channels, evaluator(value.shape, value.after, codes));
  const falls = direction.some((d) => d < 0);
  const flipped: Evaluate = (values, rows) =>
    Float32Array.from(whole(values, rows), (code, i) => code * direction[i % channels]!);
  let bits = thresholdOp(builder, value.buffer, find(flipped), name);
  bits = builder.op({ op: 'maxPool', name: pool.name, inputs: [bits], ...pool.window });
  if (falls) {
    const flips = Array.from(direction, (d): Threshold => ({ t: 0, flip: d < 0 ? 1 : 0 }));
    bits = thresholdOp(builder, bits, flips, name);
  }
  return reshaped(builder, bits, value);
}

/** The number of elements of a value. */
export const elementsOf = (value: Value): number => sizeOf(shapeOf(value));
