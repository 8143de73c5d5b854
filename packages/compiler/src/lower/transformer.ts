// What transformers add to dense layers: attention and layer normalization as float ops, tokens as constants.
import * as tf from '@tensorflow/tfjs-core';
import type { OpDraft, Shape } from '@bitgrad/runtime';
import type { QuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from '../graph.js';
import { toBits } from '../packing/emit.js';
import { plainValue, shapeOf, withChannelwise, type Affine, type Value } from '../packing/value.js';
import { binarization, deployInput, type DeployedInput } from '../quantized.js';
import { onRows } from '../tidy.js';
import { asFloat, binarizable, emit, unsupported, type Lowering, type LoweringContext } from './context.js';

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

/** A quantizer of {@link binaryAttention}, of two levels. */
const twoLevels = (layer: GraphLayer, slot: string, levels: string): DeployedInput => {
  const input = deployInput(layer as unknown as QuantLayer, slot);
  const next = `Use a ${slot} quantizer of ${levels}.`;
  if (!input) return unsupported(layer, `has no ${slot} quantizer`, next);
  return 'codes' in input
    ? input
    : unsupported(layer, `has a ${slot} quantizer of ${input.levels.length} levels`, next);
};

/**
 * bool(Q K^T) V of each head as two products of bits. With weights of 0 and 1, stored as w = (1 + s) / 2 by their signs s,
 * sum w v = (sum s v + sum 1 v) / 2: one product of rows twice as long, [s, 1] with [v, v].
 */
export const binaryAttention: Lowering = (layer, [x], context) => {
  const { heads } = layer.getConfig() as { heads: number };
  const [t, size] = shapeOf(x!) as [number, number];
  const [width, d] = [size / 3, size / 3 / heads];
  const [input, weight] = [twoLevels(layer, 'input', '-1 and +1'), twoLevels(layer, 'score', '0 and 1')];
  if (input.low !== -1 || input.high !== 1)
    unsupported(
      layer,
      `has inputs of ${input.low} and ${input.high}`,
      'Use an input quantizer of -1 and +1.',
    );
  const signs = weight.low === -weight.high;
  if (!signs && weight.low !== 0)
    unsupported(
      layer,
      `has weights of ${weight.low} and ${weight.high}`,
      'Use a score quantizer of 0 and 1.',
    );
  const write = (draft: OpDraft, shape?: Shape): number =>
    context.builder.op({ ...draft, name: layer.name }, shape);
  const bits = toBits(context.builder, binarizable(x!, input, context), binarization(input), layer.name);
  const part = (index: number, permutation: [number, number, number]): number => {
    const cut = write({ op: 'slice', inputs: [bits], begin: [0, index * width] }, [t, width]);
    const split = write({ op: 'reshape', inputs: [cut] }, [t, heads, d]);
    return write({ op: 'transpose', inputs: [split], permutation });
  };
  const [q, k, v] = [part(0, [1, 0, 2]), part(1, [1, 0, 2]), part(2, [1, 2, 0])];
  const products = write({ op: 'matmul', inputs: [q, k], transposeB: true });
  const factor = 1 / Math.sqrt(d);
  const scores = withChannelwise(plainValue(products, 'i32', [heads, t, t], [-d, d]), {
    name: layer.name,
    apply: onRows((s) => tf.mul(s, factor)),
    lowered: [
      { kind: 'affine', affine: { scale: Array<number>(t).fill(factor), bias: Array<number>(t).fill(0) } },
    ],
  });
  const chosen = toBits(context.builder, scores, binarization(weight), layer.name);
  const rows = signs
    ? chosen
    : write({ op: 'pad', inputs: [chosen], before: [0, 0, 0], after: [0, 0, t], value: 1 });
  const columns = signs ? v : write({ op: 'concat', inputs: [v, v], axis: 2 });
  const mixed = write({ op: 'matmul', inputs: [rows, columns], transposeB: true });
  const turned = write({ op: 'transpose', inputs: [mixed], permutation: [1, 0, 2] });
  const sums = write({ op: 'reshape', inputs: [turned] }, [t, width]);
  const most = signs ? t : 2 * t;
  const unit = signs ? weight.high : weight.high / 2;
  if (unit === 1) return plainValue(sums, 'i32', [t, width], [-most, most]);
  return withChannelwise(plainValue(sums, 'i32', [t, width], [-most, most]), {
    name: layer.name,
    apply: onRows((s) => tf.mul(s, unit)),
    lowered: [
      {
        kind: 'affine',
        affine: { scale: Array<number>(width).fill(unit), bias: Array<number>(width).fill(0) },
      },
    ],
  });
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
