// On the WebAssembly backend, float layers round as packed models do: the same products in the same order, so that the
// packed model gives the graph's numbers to the bit, and no sign behind a real-valued shortcut can fall on the other side.
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, use } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { attention, batchNorm, layerNorm, positionEmbedding } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { elementCount, jsEngine } from '@bitgrad/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModel, graphOutputs } from '../src/index.js';
import { randomBytes, randomizeNorms } from './helpers.js';

const backend = wasm();
beforeAll(async () => {
  use(stePlugin);
  await backend.start();
});
afterAll(() => backend.dispose());

const conv = (filters: number, kernelSize: number, strides: number, useBias: boolean) =>
  tfl.layers.conv2d({
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias,
    biasInitializer: 'randomNormal',
  });
const average = (poolSize: number, strides: number) =>
  tfl.layers.averagePooling2d({ poolSize, strides, padding: 'same' });

describe('float layers, bit for bit', () => {
  it.each<[string, number[], () => tfl.layers.Layer[]]>([
    ['dense', [100], () => [tfl.layers.dense({ units: 10, useBias: false })]],
    ['dense of tokens', [7, 30], () => [tfl.layers.dense({ units: 20 })]],
    ['conv 3x3, bias', [9, 8, 3], () => [conv(20, 3, 1, true)]],
    ['conv 3x3, stride 2, batch norm', [9, 8, 5], () => [conv(7, 3, 2, false), batchNorm()]],
    ['conv 1x1, batch norm', [6, 5, 32], () => [conv(64, 1, 1, false), batchNorm()]],
    ['batch norm without gamma and beta', [6, 5, 3], () => [batchNorm({ center: false, scale: false })]],
    ['average', [8, 6, 9], () => [average(2, 2)]],
    ['average with borders', [7, 5, 32], () => [average(3, 2)]],
    ['global average', [7, 7, 12], () => [tfl.layers.globalAveragePooling2d({})]],
    ['average of tokens', [49, 12], () => [tfl.layers.globalAveragePooling1d({})]],
    ['layer norm', [5, 67], () => [layerNorm()]],
    ['positions', [5, 8], () => [positionEmbedding({ seed: 1 })]],
    ['attention', [10, 3 * 32], () => [attention({ heads: 2 })]],
    ['attention, d = 7', [5, 3 * 21], () => [attention({ heads: 3 })]],
  ])('%s', async (_, shape, layers) => {
    const input = tfl.input({ shape });
    const end = layers().reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
    const model = tfl.model({ inputs: input, outputs: end });
    randomizeNorms(model, 3, false);
    const rng = createRng(2);
    const samples = Float32Array.from({ length: 4 * elementCount(shape) }, () => 3 * rng.normal());
    const { model: packed } = await compileModel(model, { samples, minAgreement: 0, lastLayer: 'float' });
    const executable = await jsEngine().compile(packed);
    expect(executable.run(samples)).toEqual(graphOutputs(model, packed, samples));
  });
});

describe('models on bytes, bit for bit', () => {
  const normalization = { mean: [120.3, 119, 107.5], std: [63, 62.1, 66.7] };
  it.each(['vgg-small', 'resnet20', 'birealnet18', 'vit-tiny'])('%s', async (name) => {
    const inputShape: [number, number, number] = [32, 32, 3];
    const model = createModel(name, { inputShape, classes: 10, kernelQuantizer: 'ste', inputQuantizer: 'ste', width: 0.25, seed: 5 }); // prettier-ignore
    randomizeNorms(model, 7, false);
    const samples = Uint8Array.from(randomBytes(20 * 3072, 9));
    const { model: packed } = await compileModel(model, { input: 'u8', normalization, samples, lastLayer: 'float' }); // prettier-ignore
    const executable = await jsEngine().compile(packed);
    expect(executable.run(samples)).toEqual(graphOutputs(model, packed, samples, normalization));
  });
});
