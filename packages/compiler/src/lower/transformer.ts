// What transformers add to dense layers: attention and layer normalization as float ops, tokens as constants.
import * as tf from '@tensorflow/tfjs-core';
import type { OpDraft, Shape } from '@bitgrad/runtime';
import type { GraphLayer } from '../graph.js';
import { onRows } from '../tidy.js';
import { shapeOf, withChannelwise, type Affine, type Value } from '../packing/value.js';
import { asFloat, emit, unsupported, type Lowering, type LoweringContext } from './context.js';

const weightOf = (layer: GraphLayer, name: string): Float32Array | undefined => {
  const weight = layer.weights.find((w) => w.originalName.split('/').at(-1) === name);
  return weight && new Float32Array(weight.read().dataSync());
};

/** Layer normalization over the last axis. */
export const layerNorm: Lowering = (layer, [x], context) => {
  const { epsilon, axis } = layer.getConfig() as { epsilon: number; axis?: number | number[] };
  const value = asFloat(x!, context);
  const { shape } = value;
  const axes = axis === undefined ? [-1] : [axis].flat();
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== shape.length))
    unsupported(layer, `normalizes axes ${axes.join(', ')}`, 'Normalize the last axis.');
  const c = shape.at(-1)!;
  const weight = (name: string, fill: number): number =>
    context.builder.weight('f32', [c], weightOf(layer, name) ?? new Float32Array(c).fill(fill));
  const weights = [weight('gamma', 1), weight('beta', 0)] as [number, number];
  return emit(layer, { op: 'layerNorm', inputs: [value.buffer], weights, epsilon }, context);
};

/** The queries times 1 / sqrt(d): pending, so that it joins the normalization before it. */
const withScaledQueries = (layer: GraphLayer, value: Value, d: number): Value => {
  const c = shapeOf(value).at(-1)!;
  const factor = Math.fround(1 / Math.fround(Math.sqrt(d)));
  const scale = Array.from({ length: c }, (_, i) => (i < c / 3 ? factor : 1));
  const affine: Affine = { scale, bias: Array<number>(c).fill(0) };
  return withChannelwise(value, {
    name: layer.name,
    apply: onRows((x) => tf.mul(x, tf.tensor1d(scale))),
    // A power of two joins the normalization without rounding; others are apart, as in the graph.
    lowered: [{ kind: 'affine', affine, apart: !Number.isInteger(Math.log2(factor)) }],
  });
};

/** softmax(Q K^T / sqrt(d)) V of each head, from rows of queries, keys and values: two matrix products of buffers. */
export const attention: Lowering = (layer, [x], context) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [t, size] = shapeOf(x!) as [number, number];
  const [width, d] = [size / 3, size / 3 / heads];
  const pending = x!.reshape ? asFloat(x!, context) : x!;
  const qkv = asFloat(withScaledQueries(layer, pending, d), context).buffer;
  const write = (draft: OpDraft, shape?: Shape): number => emit(layer, draft, context, shape).buffer;
  /** One third of the channels, [t, width], as heads: its axes token, head and channel in this order. */
  const part = (index: number, permutation: [number, number, number]): number => {
    const cut = write({ op: 'slice', inputs: [qkv], begin: [0, index * width] }, [t, width]);
    const split = write({ op: 'reshape', inputs: [cut] }, [t, heads, d]);
    return write({ op: 'transpose', inputs: [split], permutation });
  };
  const [q, k, v] = [part(0, [1, 0, 2]), part(1, [1, 2, 0]), part(2, [1, 0, 2])];
  const product = (a: number, b: number): number =>
    write({ op: 'matmul', inputs: [a, b], transposeB: false });
  const mixed = product(write({ op: 'softmax', inputs: [product(q, k)] }), v);
  const rows = write({ op: 'transpose', inputs: [mixed], permutation: [1, 0, 2] });
  return emit(layer, { op: 'reshape', inputs: [rows] }, context, [t, width]);
};

const constant = (layer: GraphLayer, shape: Shape, context: LoweringContext): number => {
  const weights = [context.builder.weight('f32', shape, weightOf(layer, 'embedding')!)] as const;
  return emit(layer, { op: 'constant', inputs: [], weights }, context).buffer;
};

/** A learned vector added to each token. */
export const positionEmbedding: Lowering = (layer, [x], context) => {
  const { buffer, shape } = asFloat(x!, context);
  const inputs = [buffer, constant(layer, shape, context)];
  return emit(layer, { op: 'add', inputs }, context);
};

/** A learned token in front of the others. */
export const classToken: Lowering = (layer, [x], context) => {
  const { buffer, shape } = asFloat(x!, context);
  const inputs = [constant(layer, [1, shape[1]!], context), buffer];
  return emit(layer, { op: 'concat', inputs, axis: 0 }, context);
};

/** The first token. */
export const firstToken: Lowering = (layer, [x], context) => {
  const { buffer, shape } = asFloat(x!, context);
  const c = shape[1]!;
  return { ...emit(layer, { op: 'slice', inputs: [buffer], begin: [0, 0] }, context, [1, c]), reshape: [c] };
};
