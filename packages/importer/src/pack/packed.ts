// Values on their way into the plan. A plan has no batch axis and its channels last; the source has its own order of axes,
// so that each value says which axis of the source each axis of the plan holds. Transposing is free until someone needs an
// order.
import type { PlanBuilder, Shape } from '@bitgrad/runtime';
import { materialize, plainValue, shapeOf, type Value } from '@bitgrad/compiler/packing';
import { sizeOf, type Sizes, type SourceNode } from '../graph.js';
import { unsupported } from '../fail.js';

/** State of a packing. */
export interface PackContext {
  readonly builder: PlanBuilder;
  readonly memo: Map<Value, number>;
  /** Nodes that run as float ops although they are quantized, with the reason. */
  readonly fallbacks: { node: string; reason: string }[];
  /** Most binary operands that a value of a few levels is made of. */
  readonly planes: number;
}

/** A value of the source in the plan. */
export interface Packed {
  readonly value: Value;
  /** In the source, the batch first. */
  readonly shape: Sizes;
  /** Axis i of the plan's value is axis `axes[i]` of the source, the batch being 0. */
  readonly axes: readonly number[];
  /** A flattened value whose elements are in the order of this shape and these axes. */
  readonly from?: { readonly shape: Shape; readonly axes: readonly number[] };
  /** All values that an element may have, ascending, where they are few. */
  readonly levels?: readonly number[];
}

/** [1, 2, ... rank - 1] */
export const naturalAxes = (shape: Sizes): number[] => shape.slice(1).map((_, i) => i + 1);

/** A buffer as it is. */
export const plain = (
  context: PackContext,
  buffer: number,
  shape: Sizes,
  axes: readonly number[],
): Packed => {
  const spec = context.builder.buffers[buffer]!;
  return { value: plainValue(buffer, spec.type as Value['type'], spec.shape), shape, axes };
};

const settledAlready = ({ before, after, pool }: Value): boolean =>
  before.length === 0 && after.length === 0 && !pool;

/** The value as a float32 buffer, with nothing pending. */
export const asFloat = (x: Packed, context: PackContext): Packed => ({
  ...x,
  value: plainValue(materialize(context.builder, x.value, context.memo), 'f32', shapeOf(x.value)),
});

/** The value with no pending reshape: integers and bytes stay what they are where nothing else is pending. */
export function unfolded(x: Packed, context: PackContext): Packed {
  const { value } = x;
  if (!value.reshape) return x;
  if (!settledAlready(value)) return asFloat(x, context);
  const buffer = context.builder.op({ op: 'reshape', inputs: [value.buffer] }, value.reshape);
  return { ...x, value: plainValue(buffer, value.type, value.reshape, value.range) };
}

/** Position in the source's order of each element in the plan's order. */
export function sourceOrder({ shape, axes }: { shape: Shape; axes: readonly number[] }): number[] {
  // Strides of the source's axes, by their order there.
  const sorted = axes.map((axis, i) => ({ axis, i })).sort((a, b) => a.axis - b.axis);
  const strides = Array<number>(axes.length).fill(1);
  let stride = 1;
  for (const { i } of sorted.reverse()) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  const order: number[] = [];
  const at = shape.map(() => 0);
  for (let n = sizeOf(shape), source = 0; order.length < n;) {
    order.push(source);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return order;
}

const inOrder = (axes: readonly number[], shape: Shape): number[] => axes.filter((_, i) => shape[i] !== 1);
const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

/** Whether the elements of the plan are in the order of the source. */
const isNatural = ({ value, axes, from }: Packed): boolean => {
  const order = inOrder(axes, shapeOf(value));
  return (
    !from &&
    same(
      order,
      order.toSorted((a, b) => a - b),
    )
  );
};

/** The value with the axes of the source in an order: by a reshape where only axes of size 1 move. */
export function arranged(x: Packed, axes: readonly number[], context: PackContext): Packed {
  if (x.from) return arranged(restored(x, context), axes, context);
  if (same(x.axes, axes)) return x;
  const shape = axes.map((axis) => x.shape[axis]!);
  const plan = shapeOf(x.value);
  if (same(inOrder(x.axes, plan), inOrder(axes, shape)))
    return { ...x, axes, value: { ...x.value, reshape: shape } };
  const settled = settledAlready(x.value) ? unfolded(x, context) : asFloat(x, context);
  const permutation = axes.map((axis) => settled.axes.indexOf(axis));
  const buffer = context.builder.op({ op: 'transpose', inputs: [settled.value.buffer], permutation });
  const { type, range } = settled.value;
  return { ...x, axes, value: plainValue(buffer, type, shape, range) };
}

/** A flattened value in the order of the source. */
function restored(x: Packed, context: PackContext): Packed {
  const { shape, axes } = x.from!;
  const image: Packed = {
    value: { ...x.value, reshape: shape },
    shape: [1, ...axes.toSorted((a, b) => a - b).map((axis) => shape[axes.indexOf(axis)]!)],
    axes,
  };
  const { value } = arranged(image, naturalAxes(image.shape), context);
  return { value: { ...value, reshape: shapeOf(x.value) }, shape: x.shape, axes: x.axes, levels: x.levels };
}

/** The same elements under another shape of the source. */
export function reshaped(x: Packed, shape: Sizes, node: SourceNode, context: PackContext): Packed {
  if (shape[0] !== 1 || shape.length < 2)
    unsupported(node, `gives the shape [${shape.join(', ')}]`, 'Keep the batch as the first axis.');
  const plan = shape.slice(1);
  if (same(shape, x.shape)) return x;
  if (isNatural(x)) return { ...x, shape, axes: naturalAxes(shape), value: { ...x.value, reshape: plan } };
  if (shape.length === 2 && !x.from) {
    const from = { shape: shapeOf(x.value), axes: x.axes };
    return { ...x, shape, axes: [1], from, value: { ...x.value, reshape: plan } };
  }
  const natural = x.from ? restored(x, context) : arranged(x, naturalAxes(x.shape), context);
  return { ...natural, shape, axes: naturalAxes(shape), value: { ...natural.value, reshape: plan } };
}

/** Axes of an image or a signal as the plan has them: channels last. */
export const spatialAxes = (rank: number, channels: 'first' | 'last'): number[] => {
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  return channels === 'last' ? axes : [...axes.slice(1), 1];
};
