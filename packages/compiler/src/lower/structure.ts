// Layers that move, pool or join values.
import { elementsOf } from '../emit.js';
import { plainValue, type Value } from '../value.js';
import type { GraphLayer } from '../graph.js';
import { asFloat, pairOf, unsupported, windowOf, type Lowering } from './context.js';

const poolWindow = (layer: GraphLayer, shape: readonly number[]) => {
  const config = layer.getConfig() as { poolSize: unknown; strides: unknown; padding: string };
  const size = pairOf(config.poolSize);
  return windowOf(shape, size, pairOf(config.strides ?? size), [1, 1], config.padding);
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
  const { out, window } = poolWindow(layer, value.shape);
  const shape = [...out, value.shape[2]!];
  const op = { op: 'avgPool' as const, name: layer.name, inputs: [value.buffer], ...window };
  return plainValue(context.builder.op(op, 'f32', shape), 'f32', shape);
};

const globalWindow = (shape: readonly number[]) => windowOf(shape, shape, [1, 1], [1, 1], 'valid').window;

/** Mean over height and width. */
export const globalAveragePool: Lowering = (layer, [x], context) => {
  const value = asFloat(x!, context);
  const c = value.shape[2]!;
  const op = {
    op: 'avgPool' as const,
    name: layer.name,
    inputs: [value.buffer],
    ...globalWindow(value.shape),
  };
  return { ...plainValue(context.builder.op(op, 'f32', [1, 1, c]), 'f32', [1, 1, c]), reshape: [c] };
};

/** Maximum over height and width; stays pending like any max pool. */
export const globalMaxPool: Lowering = (layer, [x], context) => {
  const value = x!.pool || x!.reshape ? asFloat(x!, context) : x!;
  const c = value.shape[2]!;
  return {
    ...value,
    pool: { name: layer.name, window: globalWindow(value.shape), shape: [1, 1, c] },
    reshape: [c],
  };
};

/** Flatten and Reshape: stay pending, so that a sign that follows comes first. */
export const reshape: Lowering = (layer, [x]) => {
  const config = layer.getConfig() as { targetShape?: (number | null)[] };
  const total = elementsOf(x!);
  const target = config.targetShape ?? [total];
  const rest = target.reduce<number>((a, d) => a * (d && d > 0 ? d : 1), 1);
  return { ...x!, reshape: target.map((d) => (d && d > 0 ? d : total / rest)) };
};

/** Sum of two or more values, in float32, from the left. */
export const add: Lowering = (layer, inputs, context) =>
  inputs
    .map((x) => asFloat(x, context))
    .reduce((a, b) => {
      const op = { op: 'add' as const, name: layer.name, inputs: [a.buffer, b.buffer] };
      return plainValue(context.builder.op(op, 'f32', a.shape), 'f32', a.shape);
    });

/** Concatenation along any axis but the batch. */
export const concatenate: Lowering = (layer, inputs, context) => {
  const values = inputs.map((x) => asFloat(x, context));
  const { axis: given } = layer.getConfig() as { axis: number };
  const rank = values[0]!.shape.length;
  const axis = given < 0 ? given + rank : given - 1;
  if (axis < 0 || axis >= rank)
    unsupported(layer, `joins axis ${given}`, 'Join an axis other than the batch.');
  const shape = [...values[0]!.shape];
  shape[axis] = values.reduce((sum, v) => sum + v.shape[axis]!, 0);
  const op = { op: 'concat' as const, name: layer.name, inputs: values.map((v) => v.buffer), axis };
  return plainValue(context.builder.op(op, 'f32', shape), 'f32', shape);
};

/** Padding of height and width with zeros, in float32. */
export const zeroPadding: Lowering = (layer, [x], context) => {
  const value: Value = asFloat(x!, context);
  const [[top, bottom], [left, right]] = (
    layer.getConfig() as { padding: [[number, number], [number, number]] }
  ).padding;
  const [h, w, c] = value.shape as [number, number, number];
  const shape = [h + top + bottom, w + left + right, c];
  const op = {
    op: 'pad' as const,
    name: layer.name,
    inputs: [value.buffer],
    before: [top, left, 0],
    after: [bottom, right, 0],
    value: 0,
  };
  return plainValue(context.builder.op(op, 'f32', shape), 'f32', shape);
};
