// On the WebAssembly backend, float layers round as packed models do: the same products in the same order, so that the
// packed model gives the graph's numbers to the bit, and no sign behind a real-valued shortcut can fall on the other side.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, use } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import {
  attention,
  batchNorm,
  layerNorm,
  positionEmbedding,
  quantConv2d,
  quantDense,
  quantDepthwiseConv2d,
  quantSeparableConv2d,
} from '@bitgrad/layers';
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

/** Share of equal outputs, and the largest difference over the largest output. */
const compared = async (
  shape: number[],
  layers: readonly tfl.layers.Layer[],
  seed: number,
  extreme = false,
) => {
  const input = tfl.input({ shape });
  const end = layers.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  const model = tfl.model({ inputs: input, outputs: end });
  randomizeNorms(model, seed, extreme);
  const rng = createRng(seed);
  const samples = Float32Array.from({ length: 2 * elementCount(shape) }, () => 3 * rng.normal());
  const { model: packed } = await compileModel(model, { samples, minAgreement: 0, lastLayer: 'float' });
  const executable = await jsEngine().compile(packed);
  const [got, want] = [executable.run(samples), graphOutputs(model, packed, samples)];
  model.dispose();
  let [same, most, largest] = [0, 0, 0];
  got.forEach((v, i) => {
    same += v === want[i] ? 1 : 0;
    most = Math.max(most, Math.abs(v - want[i]!));
    largest = Math.max(largest, Math.abs(want[i]!));
  });
  return { exact: same === got.length, relative: most / largest };
};

const q = { kernelQuantizer: 'ste', useBias: false, seed: 3 } as const;
interface Place {
  kernelSize: number;
  strides: number;
  dilationRate: number;
  padding: 'same' | 'valid';
}
/** Odd sizes, strides, dilations and kernels larger than the image. */
const shapes = [[17, 23, 3], [17, 23, 96], [5, 4, 1], [2, 3, 40], [1, 1, 7]] as const; // prettier-ignore
const places = shapes.flatMap((shape) =>
  [1, 2, 3, 5].flatMap((kernelSize) =>
    [[1, 1], [3, 1], [1, 2], [2, 2]].flatMap(([strides, dilationRate]) =>
      (['same', 'valid'] as const).map((padding) => ({ shape: [...shape], place: { kernelSize, strides, dilationRate, padding } as Place })), // prettier-ignore
    ),
  ),
).filter(({ shape, place: { kernelSize, dilationRate, padding } }) => {
  const extent = (kernelSize - 1) * dilationRate + 1;
  return (padding === 'same' || extent <= Math.min(shape[0]!, shape[1]!)) && shape[2]! * kernelSize < 300;
}); // prettier-ignore

describe('float input of odd geometry', () => {
  const undilated = places.filter(({ place }) => place.dilationRate === 1);
  const plain = ({ place: { dilationRate, strides, ...rest } }: (typeof places)[number]) => ({ ...rest, ...(strides === 1 ? { dilationRate, strides } : { strides }), useBias: false }); // prettier-ignore
  const pooled = ({ kernelSize: poolSize, strides, padding }: Place) => ({ poolSize, strides, padding });
  it.each<[string, typeof places, (at: (typeof places)[number]) => tfl.layers.Layer]>([
    ['conv of signs, 40 filters', places, ({ place }) => quantConv2d({ filters: 40, ...place, ...q })],
    ['conv of signs, 1 filter', places, ({ place }) => quantConv2d({ filters: 1, ...place, ...q })],
    ['conv', undilated, (at) => tfl.layers.conv2d({ filters: 40, ...plain(at) })],
    ['average', undilated, ({ place }) => tfl.layers.averagePooling2d(pooled(place))],
    ['maximum', undilated, ({ place }) => tfl.layers.maxPooling2d(pooled(place))],
  ])('%s: to the bit', async (_, all, create) => {
    for (const [i, at] of all.entries())
      expect(await compared(at.shape, [create(at)], i), JSON.stringify(at)).toMatchObject({ exact: true });
  });

  it.each([
    [1, 1],
    [33, 4097],
    [4097, 1],
    [1000, 96],
  ])('dense layers, %i to %i: to the bit', async (inputs, units) => {
    for (const layer of [tfl.layers.dense({ units, useBias: false }), quantDense({ units, ...q })])
      expect(await compared([inputs], [layer], 1)).toMatchObject({ exact: true });
  });

  it('batch norms with extreme parameters: to the bit', async () => {
    for (const seed of [1, 2, 3, 4])
      expect(await compared([9, 7, 5], [batchNorm()], seed, true)).toMatchObject({ exact: true });
  });

  // The limit that README and docs/design.md state: TensorFlow.js has these kernels itself on WebAssembly, and sums or
  // rounds otherwise. One that turns out exact is to be struck from there.
  const depth = { kernelSize: 3, useBias: false } as const;
  it.each<[string, number[], () => tfl.layers.Layer[]]>([
    ['depthwise', [17, 23, 3], () => [tfl.layers.depthwiseConv2d(depth)]],
    [
      'depthwise of signs',
      [17, 23, 3],
      () => [quantDepthwiseConv2d({ depthwiseQuantizer: 'ste', ...depth })],
    ],
    ['separable', [17, 23, 3], () => [quantSeparableConv2d({ filters: 5, depthwiseQuantizer: 'ste', pointwiseQuantizer: 'ste', ...depth })]], // prettier-ignore
    ['batch normalization of tfjs', [9, 7, 5], () => [tfl.layers.batchNormalization()]],
    ['two batch norms', [9, 7, 5], () => [batchNorm(), batchNorm()]],
    ...(['tanh', 'sigmoid', 'softmax', 'gelu'] as const).map((activation): [string, number[], () => tfl.layers.Layer[]] => [activation, [24], () => [tfl.layers.activation({ activation: activation as 'tanh' })]]), // prettier-ignore
  ])('%s: in the last bits only', async (_, shape, layers) => {
    const { exact, relative } = await compared(shape, layers(), 5);
    expect(exact).toBe(false);
    expect(relative).toBeLessThan(1e-6);
  });
});

describe('models on bytes, bit for bit', () => {
  const normalization = { mean: [120.3, 119, 107.5], std: [63, 62.1, 66.7] };
  it.each(['vgg-small', 'resnet20', 'birealnet18', 'vit-float-attention'])('%s', async (name) => {
    const inputShape: [number, number, number] = [32, 32, 3];
    const model = createModel(name, { inputShape, classes: 10, kernelQuantizer: 'ste', inputQuantizer: 'ste', width: 0.25, seed: 5 }); // prettier-ignore
    randomizeNorms(model, 7, false);
    const samples = Uint8Array.from(randomBytes(20 * 3072, 9));
    const { model: packed } = await compileModel(model, { input: 'u8', normalization, samples, lastLayer: 'float' }); // prettier-ignore
    const executable = await jsEngine().compile(packed);
    expect(executable.run(samples)).toEqual(graphOutputs(model, packed, samples, normalization));
  });
});

it('an untrained cnn on bytes has sums of exactly 0 at its borders: ties that are no reason to report it', async () => {
  const options = { input: 'u8', normalization: { mean: [127.5], std: [127.5] } } as const;
  let ties = 0;
  for (const seed of [1, 2, 3]) {
    const model = createModel('cnn', { inputShape: [28, 28, 1], classes: 10, kernelQuantizer: 'ste', seed, width: 2 }); // prettier-ignore
    const { agreement } = await compileModel(model, options);
    ties += agreement.ties;
    model.dispose();
  }
  expect(ties).toBeGreaterThan(0);
});

it('inputs of levels 0 and 1 that are all 0: the offset of the packed sums rounds, and that is no reason to report it', async () => {
  const { normal } = createRng(5);
  for (let i = 0; i < 20; i++) {
    const input = tfl.input({ shape: [2] });
    // Far below 0, so that every level of the input is 0 and the output is the bias, exactly.
    const low = tfl.layers.dense({ units: 2 });
    const layer = quantDense({ units: 2, inputQuantizer: 'heaviside', kernelQuantizer: 'ternary', seed: i });
    const model = tfl.model({ inputs: input, outputs: layer.apply(low.apply(input)) as tfl.SymbolicTensor });
    const write = (values: number[], weight: { write(x: tf.Tensor): void }, shape: number[]) =>
      weight.write(tf.tensor(values, shape));
    write([0, 0, 0, 0], low.weights[0]!, [2, 2]);
    write([-9, -9], low.weights[1]!, [2]);
    write([normal(), normal(), normal(), normal()], layer.weights[0]!, [2, 2]);
    write([0.05 * normal(), 0.05 * normal()], layer.weights[1]!, [2]);
    const { agreement } = await compileModel(model, { lastLayer: 'float' });
    expect(agreement.argmax).toBe(1);
    model.dispose();
  }
});
