// Transformers, compiled: each of their layers, and vit-float-attention in every variant, against the hardened graph.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, use } from '@bitgrad/core';
import {
  attention,
  batchNorm,
  binaryAttention,
  classToken,
  firstToken,
  layerNorm,
  positionEmbedding,
  quantDense,
} from '@bitgrad/layers';
import { createModel, type ModelOptions } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';
import { randomizeNorms } from './helpers.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

/** Random weights in place of ones, zeros and small embeddings, so that each of them shows. */
function randomize(model: tfl.LayersModel, seed: number): void {
  const rng = createRng(seed);
  for (const { weights } of model.layers)
    for (const weight of weights) {
      if (!/gamma|beta|embedding/.test(weight.originalName)) continue;
      const shape = weight.shape as number[];
      const size = shape.reduce((a, b) => a * b, 1);
      weight.write(tf.tensor(Float32Array.from({ length: size }, () => rng.normal()), shape)); // prettier-ignore
    }
}

const expectAgreement = async (model: tfl.LayersModel) => {
  const result = await compileModel(model, { lastLayer: 'float' });
  const { argmax, maxDifference, maxOutput } = result.agreement;
  expect(argmax).toBe(1);
  expect(maxDifference).toBeLessThan(2e-5 * Math.max(1, maxOutput));
  return result;
};

const chain = (shape: number[], ...layers: tfl.layers.Layer[]): tfl.LayersModel => {
  const input = tfl.input({ shape });
  const end = layers.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  return tfl.model({ inputs: input, outputs: end });
};

describe('one layer', () => {
  const flat = () => tfl.layers.flatten();
  const bits = { inputQuantizer: 'ste', scoreQuantizer: 'heaviside' };
  const signs = { inputQuantizer: 'ste', kernelQuantizer: 'ste' };
  it.each<[string, number[], () => tfl.layers.Layer[]]>([
    ['layerNorm', [3, 5], () => [layerNorm({ epsilon: 1e-2 }), flat()]],
    ['layerNorm of a vector', [7], () => [layerNorm()]],
    ['layerNorm of tfjs', [3, 5], () => [tfl.layers.layerNormalization({ epsilon: 1e-2 }), flat()]],
    ['layerNorm of tfjs without gamma and beta', [3, 5], () => [tfl.layers.layerNormalization({ center: false, scale: false }), flat()]], // prettier-ignore
    ['attention', [5, 18], () => [attention({ heads: 2 }), flat()]],
    ['attention, one head of one', [4, 3], () => [attention({ heads: 1 }), flat()]],
    ['attention after a reshape', [60], () => [tfl.layers.reshape({ targetShape: [5, 12] }), attention({ heads: 4 }), flat()]], // prettier-ignore
    ['binaryAttention', [5, 18], () => [binaryAttention({ heads: 2, ...bits }), flat()]],
    [
      'binaryAttention, 33 tokens, one head of one',
      [33, 3],
      () => [binaryAttention({ heads: 1, ...bits }), flat()],
    ],
    ['binaryAttention with weights of -1 and +1', [4, 12], () => [binaryAttention({ heads: 2, ...bits, scoreQuantizer: 'ste' }), flat()]], // prettier-ignore
    ['binaryAttention between projections', [6, 8], () => [quantDense({ units: 24, ...signs }), batchNorm(), binaryAttention({ heads: 4, ...bits }), batchNorm(), quantDense({ units: 5, ...signs }), flat()]], // prettier-ignore
    ['positionEmbedding', [3, 5], () => [positionEmbedding(), flat()]],
    ['classToken', [3, 5], () => [classToken(), flat()]],
    ['firstToken', [3, 5], () => [classToken(), positionEmbedding(), firstToken()]],
    ['globalAveragePooling1d', [6, 5], () => [tfl.layers.globalAveragePooling1d({})]],
  ])('%s', async (_, shape, layers) => {
    const model = chain(shape, ...layers());
    randomize(model, 5);
    await expectAgreement(model);
  });

  it('that normalizes another axis is refused', async () => {
    const model = chain([3, 5], tfl.layers.layerNormalization({ axis: 1 }), flat());
    await expect(compileModel(model)).rejects.toMatchObject({ code: 'unsupported-op' });
  });

  it('dense layers of tokens stay packed between them', async () => {
    const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false } as const;
    const model = chain(
      [6, 33],
      quantDense({ units: 64, seed: 1, ...q }),
      quantDense({ units: 5, seed: 2, ...q }),
      flat(),
    );
    const { model: packed, agreement } = await expectAgreement(model);
    expect(agreement.maxDifference).toBe(0);
    const names = packed.plan.ops.map(({ op }) => op);
    expect(names.filter((name) => name !== 'affine' && name !== 'reshape')).toEqual(['threshold', 'dense', 'threshold', 'dense']); // prettier-ignore
  });
});

describe('vit-float-attention', () => {
  const options: ModelOptions = {
    inputShape: [8, 8, 1],
    classes: 5,
    kernelQuantizer: 'ste',
    width: 0.5,
    depth: 2,
  };
  const binary = (
    ops: readonly { op: string; weights?: readonly number[] }[],
    weights: readonly { type: string }[],
  ) => ops.filter(({ op, weights: w }) => op === 'dense' && weights[w![0]!]!.type === 'bits').length;

  it.each<[string, Partial<ModelOptions>, number]>([
    ['as it is', {}, 8],
    ['class token', { pooling: 'token' }, 8],
    ['three heads, patches of 2, another size', { heads: 3, patchSize: 2, inputShape: [8, 6, 3] }, 8],
    ['patches that do not fill the image', { inputShape: [9, 11, 2] }, 8],
    ['float projections', { floatLayers: ['patch', 'logits', 'qkv', 'block2_projection'] }, 5],
    ['float MLPs', { floatLayers: ['patch', 'logits', 'mlp'] }, 4],
    ['a float block', { floatLayers: ['patch', 'logits', 'block1'] }, 4],
    ['binary ends', { floatLayers: [] }, 9],
    ['float throughout', { kernelQuantizer: null }, 0],
    ['scaled kernels', { kernelQuantizer: 'xnor', inputQuantizer: 'rsign' }, 8],
  ])('%s', async (_, more, denses) => {
    const model = createModel('vit-float-attention', { ...options, ...more });
    randomizeNorms(model, 2, false);
    randomize(model, 3);
    const { model: packed, fallbacks } = await expectAgreement(model);
    expect(fallbacks).toEqual([]);
    expect(binary(packed.plan.ops, packed.plan.weights)).toBe(denses);
    model.dispose();
  });

  it('is at most a sixth of its float32 weights', async () => {
    const model = createModel('vit-float-attention', {
      ...options,
      inputShape: [28, 28, 1],
      width: 1,
      depth: 4,
    });
    randomizeNorms(model, 4, false);
    const { bytes, model: packed } = await compileModel(model);
    expect(packed.metadata.floatBytes! / bytes.length).toBeGreaterThan(6);
    model.dispose();
  });
});
