// Ops that move elements.
import { option } from '@bitgrad/bits';
import { failure, unsupported } from '../fail.js';
import { sizeOf, stridesOf, transposed, type Sizes, type SourceNode } from '../graph.js';
import { defineSourceOp, isTensor, type SourceOp } from '../op.js';
import { arranged, asFloat, naturalAxes, plain, reshaped, type Packed } from '../pack/packed.js';
import { computed } from './elementwise.js';

const mismatch = (node: SourceNode, got: unknown, expected: string) =>
  failure('shape-mismatch', { what: `node "${node.name}" (${node.op})`, got, expected });

/** The same elements in the same order under another shape. */
export const reshape: SourceOp = defineSourceOp<{ shape: readonly number[] }>({
  summary: 'the same elements under another shape',
  inputs: [1, 1],
  attributes: { shape: option.required(option.list(option.integer(0))) },
  shape([x], { shape }, node) {
    if (sizeOf(shape) !== sizeOf(x!)) throw mismatch(node, shape, `${sizeOf(x!)} elements`);
    return shape;
  },
  evaluate: ([x], { shape }) => ({ shape, data: x!.data }),
  pack: ([x], { shape }, node, context) => reshaped(computed(x, node), shape, node, context),
});

/** Axis i of the output is axis `permutation[i]`. */
export const transpose: SourceOp = defineSourceOp<{ permutation: readonly number[] }>({
  summary: 'the axes in another order',
  inputs: [1, 1],
  attributes: { permutation: option.required(option.list(option.integer(0, 8))) },
  shape([x], { permutation }, node) {
    const whole = permutation.length === x!.length && x!.every((_, i) => permutation.includes(i));
    if (!whole) throw mismatch(node, permutation, `each of 0 to ${x!.length - 1} once`);
    return permutation.map((axis) => x![axis]!);
  },
  evaluate: ([x], { permutation }) => transposed(x!, permutation),
  pack([first], { permutation }, node) {
    const x = computed(first, node);
    if (permutation[0] !== 0) unsupported(node, 'moves the batch', 'Keep the batch as the first axis.');
    if (x.from) unsupported(node, 'transposes a flattened value', 'Transpose before flattening.');
    const axes = x.axes.map((axis) => permutation.indexOf(axis));
    return { ...x, axes, shape: permutation.map((axis) => x.shape[axis]!) };
  },
});

const mostJoined = 64;

/** Values one after another along an axis. */
export const concat: SourceOp = defineSourceOp<{ axis: number }>({
  summary: 'values one after another along an axis',
  inputs: [1, 1024],
  attributes: { axis: option.required(option.integer(0, 8)) },
  shape(inputs, { axis }, node) {
    const [first] = inputs as [Sizes];
    const fits = axis < first.length && inputs.every((s) => s.length === first.length && s.every((n, i) => i === axis || n === first[i])); // prettier-ignore
    if (!fits) throw mismatch(node, inputs, 'shapes that differ along the axis only');
    return first.map((n, i) => (i === axis ? inputs.reduce((sum, s) => sum + s[axis]!, 0) : n));
  },
  evaluate(inputs, { axis }, shape) {
    const data = new Float64Array(sizeOf(shape));
    const outer = sizeOf(shape.slice(0, axis));
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (const { data: own } of inputs) {
        const length = own.length / outer;
        data.set(own.subarray(o * length, (o + 1) * length), at);
        at += length;
      }
    return { shape, data };
  },
  pack(inputs, { axis }, node, context) {
    if (axis === 0) unsupported(node, 'joins along the batch', 'Join along another axis.');
    const first = computed(inputs.find((x) => !isTensor(x)), node); // prettier-ignore
    const axes = first.from ? naturalAxes(first.shape) : first.axes;
    const { builder } = context;
    const parts = inputs.map((x): number => {
      if (!isTensor(x)) return asFloat(arranged(x, axes, context), context).value.buffer;
      const plan = transposed(x, [0, ...axes]);
      const weight = builder.weight('f32', plan.shape.slice(1), Float32Array.from(plan.data));
      return builder.op({ op: 'constant', name: node.name, inputs: [], weights: [weight] });
    });
    const joint = (list: readonly number[]): number => {
      if (list.length === 1) return list[0]!;
      const head = builder.op({ op: 'concat', name: node.name, inputs: list.slice(0, mostJoined), axis: axes.indexOf(axis) }); // prettier-ignore
      return joint([head, ...list.slice(mostJoined)]);
    };
    const shape = concat.shape(inputs.map(({ shape: s }) => s), { axis }, node); // prettier-ignore
    return plain(context, joint(parts), shape, axes);
  },
});

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** A border of one value. */
export const pad: SourceOp = defineSourceOp<PadAttributes>({
  summary: 'a border of one value',
  inputs: [1, 1],
  attributes: {
    before: option.required(option.list(option.integer(0, 65535))),
    after: option.required(option.list(option.integer(0, 65535))),
    value: option.required(option.number()),
  },
  shape([x], { before, after }, node) {
    if (before.length !== x!.length || after.length !== x!.length) throw mismatch(node, [before, after], `${x!.length} sizes each`); // prettier-ignore
    return x!.map((n, i) => n + before[i]! + after[i]!);
  },
  evaluate([x], { before, value }, shape) {
    const data = new Float64Array(sizeOf(shape)).fill(value);
    const [from, to] = [stridesOf(x!.shape), stridesOf(shape)];
    x!.data.forEach((v, i) => {
      const at = x!.shape.reduce(
        (sum, n, k) => sum + ((Math.floor(i / from[k]!) % n) + before[k]!) * to[k]!,
        0,
      );
      data[at] = v;
    });
    return { shape, data };
  },
  pack([first], { before, after, value }, node, context) {
    const given = computed(first, node);
    if (before[0] !== 0 || after[0] !== 0) unsupported(node, 'pads the batch', 'Pad other axes.');
    const x = asFloat(given.from ? arranged(given, given.axes, context) : given, context);
    const sides = [before, after].map((list) => x.axes.map((axis) => list[axis]!));
    const buffer = context.builder.op({ op: 'pad', name: node.name, inputs: [x.value.buffer], before: sides[0]!, after: sides[1]!, value }); // prettier-ignore
    return plain(context, buffer, pad.shape([x.shape], { before, after, value }, node), x.axes);
  },
});

/** exp(x) over its sum along an axis. */
export const softmax: SourceOp = defineSourceOp<{ axis: number }>({
  summary: 'exp(x) over its sum along an axis',
  inputs: [1, 1],
  attributes: { axis: option.required(option.integer(1, 8)) },
  shape([x], { axis }, node) {
    if (axis >= x!.length) throw mismatch(node, axis, `an axis of [${x!.join(', ')}]`);
    return x!;
  },
  evaluate([x], { axis }, shape) {
    const order = [...shape.keys()].filter((i) => i !== axis).concat(axis);
    const rows = transposed(x!, order);
    const n = shape[axis]!;
    for (let from = 0; from < rows.data.length; from += n) {
      const row = rows.data.subarray(from, from + n);
      const most = row.reduce((a, b) => Math.max(a, b));
      row.forEach((v, i) => (row[i] = Math.exp(v - most)));
      const sum = row.reduce((a, b) => a + b, 0);
      row.forEach((v, i) => (row[i] = v / sum));
    }
    return transposed(rows, [...shape.keys()].map((i) => order.indexOf(i))); // prettier-ignore
  },
  pack([first], { axis }, node, context) {
    const given = computed(first, node);
    const axes = given.axes.filter((a) => a !== axis).concat(axis);
    const x = asFloat(arranged(given, axes, context), context);
    const buffer = context.builder.op({ op: 'softmax', name: node.name, inputs: [x.value.buffer] });
    return plain(context, buffer, x.shape, axes);
  },
});

/** Elements of an axis, by their indices: of constants only. */
export const gather: SourceOp = defineSourceOp<{ axis: number }>({
  summary: 'elements of an axis by their indices, of constants',
  inputs: [2, 2],
  attributes: { axis: option.required(option.integer(0, 8)) },
  shape([x, indices], { axis }, node) {
    if (axis >= x!.length) throw mismatch(node, axis, `an axis of [${x!.join(', ')}]`);
    return [...x!.slice(0, axis), ...indices!, ...x!.slice(axis + 1)];
  },
  evaluate([x, indices], { axis }, shape) {
    const [outer, inner, n] = [
      sizeOf(x!.shape.slice(0, axis)),
      sizeOf(x!.shape.slice(axis + 1)),
      x!.shape[axis]!,
    ];
    const data = new Float64Array(sizeOf(shape));
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (const given of indices!.data) {
        const i = given < 0 ? given + n : given;
        if (!(i >= 0 && i < n && Number.isInteger(i))) throw failure('invalid-file', { what: 'index of a gather', got: given, expected: `-${n} to ${n - 1}` }); // prettier-ignore
        const from = (o * n + i) * inner;
        data.set(x!.data.subarray(from, from + inner), at);
        at += inner;
      }
    return { shape, data };
  },
});

/** Elements from `begin` on, as many as `size` has. */
export const slice: SourceOp = defineSourceOp<{ begin: readonly number[]; size: readonly number[] }>({
  summary: 'a part of a value',
  inputs: [1, 1],
  attributes: {
    begin: option.required(option.list(option.integer(0))),
    size: option.required(option.list(option.integer(0))),
  },
  shape([x], { begin, size }, node) {
    const fits = begin.length === x!.length && size.length === x!.length && x!.every((n, i) => begin[i]! + size[i]! <= n); // prettier-ignore
    if (!fits) throw mismatch(node, [begin, size], `a part of [${x!.join(', ')}]`);
    return size;
  },
  evaluate([x], { begin }, shape) {
    const [from, to] = [stridesOf(x!.shape), stridesOf(shape)];
    const data = new Float64Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++)
      data[i] =
        x!.data[shape.reduce((sum, n, k) => sum + ((Math.floor(i / to[k]!) % n) + begin[k]!) * from[k]!, 0)]!;
    return { shape, data };
  },
  pack([first], { begin, size }, node, context) {
    const given = computed(first, node);
    if (begin[0] !== 0 || size[0] !== given.shape[0])
      unsupported(node, 'takes a part of the batch', 'Keep the batch whole.');
    const x: Packed = asFloat(given.from ? arranged(given, given.axes, context) : given, context);
    const part = x.axes.map((axis) => size[axis]!);
    const buffer = context.builder.op({ op: 'slice', name: node.name, inputs: [x.value.buffer], begin: x.axes.map((axis) => begin[axis]!) }, part); // prettier-ignore
    return plain(context, buffer, size, x.axes);
  },
});
