// Deliberate mistakes: a packed model with one thing of a lowering wrong, as a wrong lowering would write it. Each takes
// a model and gives another that is still valid, or undefined where it does not apply.
import { unpackRows, packRows } from '@bitgrad/bits';
import type { Rng } from '@bitgrad/core';
import { elementCount, type Op, type PackedModel, type TensorData } from '@bitgrad/runtime';
import { pick } from './random-model.js';

/** A model under change. */
interface Draft {
  readonly packed: PackedModel;
  readonly rng: Rng;
}
type Mistake = (draft: Draft) => PackedModel | undefined;
type Change = (op: Op, draft: Draft) => Op | undefined;

const typeOf = ({ packed }: Draft, buffer: number) => packed.plan.buffers[buffer]!.type;
const shapeOf = ({ packed }: Draft, buffer: number) => packed.plan.buffers[buffer]!.shape;

/** Changes one op out of those that a change applies to. */
const onOp =
  (names: readonly Op['op'][], change: Change): Mistake =>
  (draft) => {
    const { packed, rng } = draft;
    const places = packed.plan.ops.flatMap((op, i) => (names.includes(op.op) ? [i] : []));
    if (places.length === 0) return undefined;
    const at = pick(rng, places);
    const changed = change(packed.plan.ops[at]!, draft);
    if (!changed) return undefined;
    return { ...packed, plan: { ...packed.plan, ops: packed.plan.ops.with(at, changed) } };
  };

/** Changes one weight of an op: the values of a copy, as numbers, in place. */
const onWeight =
  (
    names: readonly Op['op'][],
    slot: number,
    change: (values: number[], draft: Draft, op: Op, shape: readonly number[]) => boolean | void,
  ): Mistake =>
  // prettier-ignore
  (draft) => {
    const { packed, rng } = draft;
    const places = packed.plan.ops.filter((op) => names.includes(op.op) && op.weights);
    if (places.length === 0) return undefined;
    const op = pick(rng, places);
    const index = op.weights![slot]!;
    const { type, shape } = packed.plan.weights[index]!;
    const data = packed.weights[index]!;
    const width = shape.at(-1)!;
    const rows = elementCount(shape) / width;
    const values = type === 'bits' ? Array.from(unpackRows(data as Uint32Array, rows, width)) : Array.from(data as Float32Array); // prettier-ignore
    if (change(values, draft, op, shape) === false) return undefined;
    const stored = type === 'bits' ? packRows(Float32Array.from(values), rows, width) : (data.constructor as Float32ArrayConstructor).from(values); // prettier-ignore
    // A constant may be shared by ops; the mistake is in one.
    const weights = [...packed.weights, stored as TensorData];
    const own = { ...op, weights: (op.weights as number[]).with(slot, weights.length - 1) } as Op;
    const ops = packed.plan.ops.with(packed.plan.ops.indexOf(op), own);
    return { ...packed, weights, plan: { ...packed.plan, ops, weights: [...packed.plan.weights, { type, shape }] } }; // prettier-ignore
  };

const products: readonly Op['op'][] = ['conv', 'dense', 'depthwise'];
const windows: readonly Op['op'][] = ['conv', 'depthwise', 'maxPool', 'avgPool'];
type Windowed = Extract<Op, { op: 'conv' }>;

const swap = (values: number[], a: number, b: number, length = 1, step = 1): boolean => {
  let changed = false;
  for (let i = 0; i < length; i++) {
    const [x, y] = [values[a + i * step]!, values[b + i * step]!];
    changed ||= x !== y;
    [values[a + i * step], values[b + i * step]] = [y, x];
  }
  return changed;
};

const two = (rng: Rng, count: number): [number, number] | undefined => {
  if (count < 2) return undefined;
  const a = rng.integer(count);
  return [a, (a + 1 + rng.integer(count - 1)) % count];
};

/** Kernels transposed in height and width. */
const transposedKernel = (values: number[], shape: readonly number[]): boolean => {
  const depthwise = shape.length === 3;
  const [outer, kh, kw, inner] = depthwise ? [1, shape[0]!, shape[1]!, shape[2]!] : (shape as number[]);
  if (shape.length < 3 || kh !== kw || kh! < 2) return false;
  const before = [...values];
  const at = (o: number, i: number, j: number, c: number) => ((o * kh! + i) * kw! + j) * inner! + c;
  for (let o = 0; o < outer!; o++)
    for (let i = 0; i < kh!; i++)
      for (let j = 0; j < kw!; j++)
        for (let c = 0; c < inner!; c++) values[at(o, i, j, c)] = before[at(o, j, i, c)]!;
  return values.some((v, i) => v !== before[i]);
};

/** Mistakes by name. */
export const mistakes: Readonly<Record<string, Mistake>> = {
  // Thresholds come from integers of one parity: the next that can occur is two away.
  'threshold off by one': onWeight(['threshold'], 0, (t, { rng }, op) => {
    const c = rng.integer(t.length);
    if (Math.abs(t[c]!) > 1e9) return false;
    t[c]! += pick(rng, [-1, 1]) * (Number.isInteger(t[c]) ? 2 : 0.05 * Math.max(1, Math.abs(t[c]!)));
    return op.op === 'threshold';
  }),
  'threshold of another channel': onWeight(['threshold'], 0, (t, { rng }) => {
    const pair = two(rng, t.length);
    return pair ? swap(t, ...pair) : false;
  }),
  'flip bit': onWeight(['threshold'], 1, (f, { rng }) => {
    const c = rng.integer(f.length);
    f[c] = -f[c]!;
  }),
  'one weight': onWeight(products, 0, (w, { rng }) => {
    const i = rng.integer(w.length);
    if (w[i] === 0) return false;
    w[i] = -w[i]!;
  }),
  'rows of weights swapped': onWeight(products, 0, (w, { rng }, op, shape) => {
    const channels = op.op === 'depthwise' ? shape.at(-1)! : shape[0]!;
    const size = w.length / channels;
    const pair = two(rng, channels);
    if (!pair) return false;
    const [a, b] = pair;
    return op.op === 'depthwise' ? swap(w, a, b, size, channels) : swap(w, a * size, b * size, size);
  }),
  'columns of weights swapped': onWeight(['conv', 'dense'], 0, (w, { rng }, _op, shape) => {
    const inner = shape.at(-1)!;
    const pair = two(rng, inner);
    return pair ? swap(w, ...pair, w.length / inner, inner) : false;
  }),
  'kernel transposed': onWeight(['conv', 'depthwise'], 0, (w, _draft, _op, shape) =>
    transposedKernel(w, shape),
  ),
  'kernel upside down': onWeight(['conv', 'dense'], 0, (w, _draft, _op, shape) => {
    const size = w.length / shape[0]!;
    const before = [...w];
    before.forEach((v, i) => (w[Math.floor(i / size) * size + size - 1 - (i % size)] = v));
    return w.some((v, i) => v !== before[i]);
  }),
  'padding on the other side': onOp(windows, (op) => {
    const [top, left, bottom, right] = (op as Windowed).pads;
    const pads = [bottom, right, top, left] as [number, number, number, number];
    return top === bottom && left === right ? undefined : ({ ...op, pads } as Op);
  }),
  'padding moved by one': onOp(windows, (op) => {
    const [top, left, bottom, right] = (op as Windowed).pads;
    return top + left < 1
      ? undefined
      : ({ ...op, pads: top > 0 ? [top - 1, left, bottom + 1, right] : [top, left - 1, bottom, right + 1] } as Op); // prettier-ignore
  }),
  'padding value': onOp(['conv', 'depthwise'], (op, draft) => {
    const { padValue, pads } = op as Windowed;
    const bits = typeOf(draft, op.inputs[0]!) === 'bits';
    if (typeOf(draft, op.inputs[0]!) === 'f32' || pads.every((p) => p === 0)) return undefined;
    return { ...op, padValue: bits ? (padValue === 0 ? 1 : 0) : padValue + pick(draft.rng, [-9, 9]) } as Op;
  }),
  shift: onOp(
    ['conv', 'depthwise'],
    (op, draft) =>
    typeOf(draft, op.inputs[0]!) === 'u8' ? ({ ...op, shift: (op as Windowed).shift > 0 ? 0 : 1 } as Op) : undefined, // prettier-ignore
  ),
  strides: onOp(windows, (op, draft) => {
    const { strides, kernel, pads, dilations } = op as Windowed;
    const [h, w] = shapeOf(draft, op.inputs[0]!) as [number, number];
    const out = shapeOf(draft, op.output);
    // Another stride of the same output, with the padding after that it then needs.
    const axis = draft.rng.integer(2);
    const stride = strides[axis]! + pick(draft.rng, [-1, 1]);
    if (stride < 1 || out[axis] === 1) return undefined;
    const extent = (kernel[axis]! - 1) * dilations[axis]! + 1;
    const after = (out[axis]! - 1) * stride + extent - [h, w][axis]! - pads[axis]!;
    const least = stride - 1;
    if (after > extent - 1 || after < -least) return undefined;
    const own = pads.map((p, i) => (i === axis + 2 ? Math.max(0, after) : p));
    return { ...op, strides: strides.map((s, i) => (i === axis ? stride : s)), pads: own } as unknown as Op;
  }),
  'pool of another kind': onOp(
    ['maxPool', 'avgPool'],
    (op, draft) =>
    typeOf(draft, op.inputs[0]!) === 'f32' ? ({ ...op, op: op.op === 'maxPool' ? 'avgPool' : 'maxPool' } as Op) : undefined, // prettier-ignore
  ),
  'scale of one channel': onWeight(['affine'], 0, (s, { rng }) => {
    s[rng.integer(s.length)]! *= pick(rng, [0.9, 1.1, -1]);
  }),
  'scale of another channel': onWeight(['affine'], 0, (s, { rng }) => {
    const pair = two(rng, s.length);
    return pair ? swap(s, ...pair) : false;
  }),
  'bias of another channel': onWeight(['affine'], 1, (b, { rng }) => {
    const pair = two(rng, b.length);
    return pair ? swap(b, ...pair) : false;
  }),
  'bias left out': onWeight(['affine'], 1, (b) => {
    const zero = b.every((v) => v === 0);
    b.fill(0);
    return !zero;
  }),
  'order of a concatenation': onOp(['concat'], (op, draft) => {
    const [a, b] = op.inputs;
    const same = JSON.stringify(shapeOf(draft, a!)) === JSON.stringify(shapeOf(draft, b!));
    return same && a !== b ? { ...op, inputs: op.inputs.toReversed() } : undefined;
  }),
  'a sum of one input': onOp(['add'], (op) => (op.inputs[0] === op.inputs[1] ? undefined : { ...op, inputs: [op.inputs[0]!, op.inputs[0]!] })), // prettier-ignore
  'another lower bound': onOp(['clamp'], (op) => {
    const { min, max } = op as Extract<Op, { op: 'clamp' }>;
    return { ...op, min: min === null ? 0 : null, max } as Op;
  }),
  'another upper bound': onOp(['clamp'], (op) => ({ ...op, max: (op as { max: number | null }).max === null ? 1 : null }) as Op), // prettier-ignore
  'another function': onOp(['unary'], (op, { rng }) => {
    const others = (['sigmoid', 'tanh', 'gelu'] as const).filter((f) => f !== (op as { function: string }).function); // prettier-ignore
    return { ...op, function: pick(rng, others) } as Op;
  }),
  slope: onWeight(['prelu'], 1, (s, { rng }) => {
    s[rng.integer(s.length)]! += 0.25;
  }),
  'shift before a slope': onWeight(['prelu'], 0, (s, { rng }) => {
    s[rng.integer(s.length)]! += 0.25;
  }),
  'epsilon': onOp(['layerNorm'], (op) => ({ ...op, epsilon: 100 * (op as { epsilon: number }).epsilon }) as Op), // prettier-ignore
  'gamma of another channel': onWeight(['layerNorm'], 0, (s, { rng }) => {
    const pair = two(rng, s.length);
    return pair ? swap(s, ...pair) : false;
  }),
  'heads swapped': onOp(['transpose'], (op, draft) => {
    const { permutation } = op as Extract<Op, { op: 'transpose' }>;
    const shape = shapeOf(draft, op.output);
    const from = shapeOf(draft, op.inputs[0]!);
    const other = permutation.length === 3 ? ([permutation[1]!, permutation[0]!, permutation[2]!] as number[]) : []; // prettier-ignore
    const fits = other.length > 0 && other.every((axis, i) => from[axis] === shape[i]);
    return fits ? ({ ...op, permutation: other } as Op) : undefined;
  }),
  'another slice': onOp(['slice'], (op, draft) => {
    const { begin } = op as Extract<Op, { op: 'slice' }>;
    const [from, shape] = [shapeOf(draft, op.inputs[0]!), shapeOf(draft, op.output)];
    const axis = begin.findIndex((_, i) => from[i]! > shape[i]!);
    if (axis < 0) return undefined;
    const moved = begin[axis]! + 1 + shape[axis]! <= from[axis]! ? begin[axis]! + 1 : begin[axis]! - 1;
    return { ...op, begin: begin.map((b, i) => (i === axis ? moved : b)) } as Op;
  }),
  'softmax left out': onOp(['softmax'], (op) => ({ ...op, op: 'clamp', min: null, max: null }) as Op), // prettier-ignore
  'a learned token': onWeight(['constant'], 0, (v, { rng }) => {
    v[rng.integer(v.length)]! += 0.5;
  }),
  'a step': onWeight(['quantize'], 0, (t, { rng }) => {
    t[rng.integer(t.length)]! += 0.01;
    for (let i = 1; i < t.length; i++) t[i] = Math.max(t[i]!, t[i - 1]!);
  }),
  'a level': onWeight(['quantize'], 1, (v, { rng }) => {
    v[rng.integer(v.length)]! += 0.2;
  }),
  'height for width': (draft) => {
    // A flatten or reshape that reads columns first, as channels-last data is not.
    const { packed } = draft;
    const at = packed.plan.ops.findIndex((op) => op.op === 'reshape' && shapeOf(draft, op.inputs[0]!).length === 3); // prettier-ignore
    const op = packed.plan.ops[at];
    if (!op) return undefined;
    const { type, shape } = packed.plan.buffers[op.inputs[0]!]!;
    const permutation = pick(draft.rng, [[1, 0, 2], [2, 0, 1]]); // prettier-ignore
    const buffers = [...packed.plan.buffers, { type, shape: permutation.map((axis) => shape[axis]!) }];
    const moved = { op: 'transpose', inputs: op.inputs, permutation, output: buffers.length - 1 } as Op;
    const ops = packed.plan.ops.toSpliced(at, 1, moved, { ...op, inputs: [buffers.length - 1] });
    return { ...packed, plan: { ...packed.plan, buffers, ops } };
  },
};
