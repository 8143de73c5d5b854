// Small vision transformers (arXiv 2010.11929) whose projections and MLPs are binary; their attention is real-valued, or
// binary too. LayerNorm and the shortcuts stay real-valued: binary nets lose what does not pass around their signs.
import * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError, explained, option } from '@bitgrad/core';
import {
  attention,
  binaryAttention,
  classToken,
  firstToken,
  layerNorm,
  positionEmbedding,
} from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';

/** Options of the vision transformers. */
export interface TransformerOptions {
  /** Pixels of a patch's side; default 4: 49 tokens of 28x28, 64 of 32x32. */
  patchSize?: number;
  /** Number of blocks; default 4. */
  depth?: number;
  /** Attention heads; default 4. The width is rounded to a multiple of it. */
  heads?: number;
  /** Units of an MLP's hidden layer as a multiple of the width; default 2. */
  mlpRatio?: number;
  /** What the logits see: the mean of all tokens (default), or a class token. */
  pooling?: 'mean' | 'token';
  /**
   * What stays in float: 'patch', 'qkv', 'projection', 'mlp', 'logits', a block ('block1') or a layer ('block1_qkv',
   * 'block1_projection', 'block1_mlp_in', 'block1_mlp_out'); default ['patch', 'logits'].
   */
  floatLayers?: readonly string[];
}

const defaults = {
  patchSize: 4,
  depth: 4,
  heads: 4,
  mlpRatio: 2,
  pooling: 'mean',
  floatLayers: ['patch', 'logits'] as string[],
} as const;
const kinds = ['qkv', 'projection', 'mlp'];

/** What `floatLayers` may name: kinds of layers, blocks, and layers. */
const layerNames = (depth: number): string[] => {
  const blocks = Array.from({ length: depth }, (_, i) => `block${i + 1}`);
  const layers = ['qkv', 'projection', 'mlp_in', 'mlp_out'];
  return [
    'patch',
    ...kinds,
    'logits',
    ...blocks,
    ...blocks.flatMap((block) => layers.map((l) => `${block}_${l}`)),
  ];
};

function shapeOf({ options }: Builder<TransformerOptions>) {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const shape = {
    ...defaults,
    ...(given as Partial<typeof options>),
  };
  const { depth, floatLayers } = shape;
  const check = (what: string, got: unknown, valid: boolean, expected: string): void => {
    if (!valid) throw new BitgradError({ code: 'invalid-option', source: 'models', what, got, expected });
  };
  const names = layerNames(depth);
  const known = Array.isArray(floatLayers) && floatLayers.every((name) => names.includes(name as string));
  check('floatLayers', floatLayers, known, `names among ${names.join(', ')}`);
  return shape;
}

/**
 * Patches, learned positions, pre-norm blocks of attention and MLP, LayerNorm, mean (or class token), logits.
 * @param bits attention of 1-bit queries, keys, values and weights, where activations are quantized
 */
function build(b: Builder<TransformerOptions>, input: Node, bits: boolean): Node {
  const { patchSize, depth, heads, mlpRatio, pooling, floatLayers } = shapeOf(b);
  const { kernelQuantizer, firstKernelQuantizer, lastKernelQuantizer } = b.options;
  const isFloat = (name: string): boolean =>
    floatLayers.some((entry) => entry === name || name.split('_').includes(entry));
  // Whole channels for every head.
  const width = heads * Math.max(1, Math.round(b.channels(64) / heads));
  const hidden = Math.max(1, Math.round(width * mlpRatio));
  const norm = (x: Node, name: string): Node => b.apply(layerNorm({ name }), x);
  // Sums of +-1 are tens wide: BatchNorm brings them to the scale of what they are added to; it costs nothing deployed.
  const dense = (x: Node, name: string, units: number): Node =>
    b.batchNorm(b.linear(x, name, units, isFloat(name)), `${name}_bn`);
  const plus = (name: string, x: Node, y: Node): Node => b.apply(tfl.layers.add({ name }), [x, y]);

  const attend = (x: Node, name: string): Node => {
    if (!bits || b.inputQuantizer === null) return b.apply(attention({ name, heads }), x);
    const quantizers = { inputQuantizer: b.inputQuantizer, scoreQuantizer: 'heaviside' };
    const layer = binaryAttention({ name, heads, seed: b.seedOf(name), ...quantizers });
    // Without softmax the sums are of tens of tokens.
    return b.batchNorm(b.apply(layer, x), `${name}_bn`);
  };

  const patch = { filters: width, kernelSize: patchSize, strides: patchSize };
  const quantizer = orDefault(firstKernelQuantizer, isFloat('patch') ? null : kernelQuantizer);
  let x = b.firstConv(input, 'patch', patch, quantizer);
  const tokens = x.shape[1]! * x.shape[2]!;
  x = b.apply(
    tfl.layers.reshape({ name: 'tokens', targetShape: [tokens, width] }),
    b.batchNorm(x, 'patch_bn'),
  );
  if (pooling === 'token') x = b.apply(classToken({ name: 'class_token', seed: b.seedOf('class_token') }), x);
  x = b.apply(positionEmbedding({ name: 'position', seed: b.seedOf('position') }), x);
  for (let i = 1; i <= depth; i++) {
    const name = `block${i}`;
    let y = dense(norm(x, `${name}_norm1`), `${name}_qkv`, 3 * width);
    y = attend(y, `${name}_attention`);
    x = plus(`${name}_add1`, x, dense(y, `${name}_projection`, width));
    y = dense(norm(x, `${name}_norm2`), `${name}_mlp_in`, hidden);
    // The sign of a quantized input is the nonlinearity; without one there would be none.
    if (isFloat(`${name}_mlp_out`) || b.inputQuantizer === null)
      y = b.apply(tfl.layers.activation({ name: `${name}_gelu`, activation: 'gelu' as 'relu' }), y);
    x = plus(`${name}_add2`, x, dense(y, `${name}_mlp_out`, width));
  }
  x = norm(x, 'norm');
  x =
    pooling === 'token'
      ? b.apply(firstToken({ name: 'first_token' }), x)
      : b.apply(tfl.layers.globalAveragePooling1d({ name: 'average' }), x);
  return b.logits(x, orDefault(lastKernelQuantizer, isFloat('logits') ? null : kernelQuantizer));
}

const options = {
  patchSize: explained(option.integer(1), "pixels of a patch's side", defaults.patchSize),
  depth: explained(option.integer(1), 'number of blocks', defaults.depth),
  heads: explained(option.integer(1), 'attention heads; the width is rounded to a multiple of it', defaults.heads), // prettier-ignore
  mlpRatio: explained(option.positive, "units of an MLP's hidden layer as a multiple of the width", defaults.mlpRatio), // prettier-ignore
  pooling: explained(option.oneOf('mean', 'token'), 'what the logits see: the mean of all tokens, or a class token', defaults.pooling), // prettier-ignore
  floatLayers: explained(option.list(option.string), 'what stays in float: patch, qkv, projection, mlp, logits, a block (block1) or a layer (block1_qkv)', defaults.floatLayers), // prettier-ignore
};

export const vitFloatAttention = defineModel<TransformerOptions>({
  description:
    'vision transformer (arXiv 2010.11929) of 4 blocks, width 64: binary projections and MLPs, float attention and patches',
  options,
  build: (b, input) => build(b, input, false),
});

export const vitBinary = defineModel<TransformerOptions>({
  description:
    'the same with 1-bit queries, keys, values and attention weights (Bi-Attention, arXiv 2203.06390), without softmax',
  options,
  build: (b, input) => build(b, input, true),
});
