// Layers that join values: elementwise, with broadcasting, or along an axis.
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@bitgrad/runtime';
import { withChannelwise, type Value } from '../packing/value.js';
import type { GraphLayer } from '../graph.js';
import { onRows } from '../tidy.js';
import { asFloat, emit, unsupported, type Lowering, type LoweringContext } from './context.js';

const show = (shape: Shape): string => `[${shape.join(', ')}]`;
const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);
const rowOf = (shape: Shape): Shape => shape.map((n, i) => (i === shape.length - 1 ? n : 1));

/** The value with axes of 1 in front, as tfjs aligns shapes, and with its one channel repeated. */
function aligned(layer: GraphLayer, given: Value, target: Shape, context: LoweringContext): Value {
  const missing = target.length - given.shape.length;
  const shape = [...Array<number>(missing).fill(1), ...given.shape];
  const value = missing > 0 ? emit(layer, { op: 'reshape', inputs: [given.buffer] }, context, shape) : given;
  const channels = target.at(-1)!;
  if (shape.at(-1) === channels) return value;
  // Times 1 is exact, so a dense layer of ones repeats a channel.
  const ones = context.builder.weight('f32', [channels, 1], new Float32Array(channels).fill(1));
  return emit(layer, { op: 'dense', inputs: [value.buffer], weights: [ones] }, context);
}

/** An elementwise function of two values: one of the shape of the result, the other too, or one row of it. */
function joined(layer: GraphLayer, op: 'add' | 'mul', a: Value, b: Value, context: LoweringContext): Value {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizes = [a.shape, b.shape].map((shape) => [...Array<number>(rank - shape.length).fill(1), ...shape]);
  const target = sizes[0]!.map((n, i) => Math.max(n, sizes[1]![i]!));
  // Both functions are commutative, to the bit.
  const [x, y] = [a, b]
    .map((value) => aligned(layer, value, target, context))
    .sort((p, q) => Number(same(q.shape, target)) - Number(same(p.shape, target))) as [Value, Value];
  if (!same(x.shape, target) || (!same(y.shape, target) && !same(y.shape, rowOf(target))))
    unsupported(
      layer,
      `joins the shapes ${show(a.shape)} and ${show(b.shape)}`,
      'Join values of one shape, or with one of channels only ([1, 1, c]) or of positions only ([h, w, 1]).',
    );
  return emit(layer, { op, inputs: [x.buffer, y.buffer] }, context);
}

const fold =
  (op: 'add' | 'mul'): Lowering =>
  (layer, inputs, context) =>
    inputs.map((x) => asFloat(x, context)).reduce((a, b) => joined(layer, op, a, b, context));

/** Sum of two or more values, in float32, from the left. */
export const add = fold('add');

/** Product of two or more values, in float32, from the left. */
export const multiply = fold('mul');

/** Mean of two or more values: their sum times 1 / n. */
export const average: Lowering = (layer, inputs, context) => {
  const sum = add(layer, inputs, context);
  const c = sum.shape.at(-1)!;
  const affine = { scale: Array<number>(c).fill(1 / inputs.length), bias: Array<number>(c).fill(0) };
  return withChannelwise(sum, {
    name: layer.name,
    apply: onRows((x) => tf.mul(1 / inputs.length, x)),
    lowered: [{ kind: 'affine', affine }],
  });
};

/** Most inputs of one concat op. */
const mostJoined = 64;

/** Concatenation along any axis but the batch. */
export const concatenate: Lowering = (layer, inputs, context) => {
  const values = inputs.map((x) => asFloat(x, context));
  const { axis: given } = layer.getConfig() as { axis: number | [number] };
  const rank = values[0]!.shape.length;
  const [at] = [given].flat();
  // tfjs takes any negative axis for the last one when it joins, and for what it says when it tells shapes.
  const axis = at === -1 ? rank - 1 : at! - 1;
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
    unsupported(
      layer,
      `joins axis ${String(given)}`,
      `Join one of the axes 1 to ${rank}, counted from the batch, or -1.`,
    );
  const join = (parts: readonly Value[]): Value => {
    if (parts.length === 1) return parts[0]!;
    if (parts.length > mostJoined)
      return join([join(parts.slice(0, mostJoined)), ...parts.slice(mostJoined)]);
    return emit(layer, { op: 'concat', inputs: parts.map((v) => v.buffer), axis }, context);
  };
  return join(values);
};
