// Layer by layer: a block between two binary layers, so that every folded sign shows in exact integers.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, defineForward, pairQuantizer, use } from '@bitgrad/core';
import {
  batchNorm,
  hardTanh,
  padding,
  quantActivation,
  quantConv1d,
  quantConv2d,
  quantDense,
  quantDepthwiseConv2d,
  quantSeparableConv2d,
  rprelu,
} from '@bitgrad/layers';
import { identitySurrogate, signForward, stePlugin } from '@bitgrad/quantizer-ste';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';
import { randomizeNorms } from './helpers.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: 3 } as const;
type Layer = tfl.layers.Layer;

/** input -> conv (1-bit) -> block -> dense (1-bit): the output is a sum of signs, so it must be equal exactly. */
const sandwich = (inputShape: number[], ...block: Layer[]): tfl.Sequential => {
  const first =
    inputShape.length === 3
      ? [quantConv2d({ filters: 6, kernelSize: 3, padding: 'same', inputShape, ...q })]
      : [];
  const [head, ...rest] = [...first, ...block];
  const flat = rest.at(-1)?.getClassName() === 'GlobalMaxPooling2D' ? [] : [tfl.layers.flatten()];
  const layers: Layer[] = [head!, ...rest, ...flat, quantDense({ units: 5, ...q })];
  return tfl.sequential({ layers });
};

const compileExactly = async (model: tfl.LayersModel, seed = 1, extreme = true): Promise<void> => {
  randomizeNorms(model, seed, extreme);
  const rng = createRng(seed + 100);
  const size = model.inputs[0]!.shape.slice(1).reduce<number>((a, b) => a * b!, 1);
  const samples = Float32Array.from({ length: 6 * size }, () => rng.normal());
  const { agreement } = await compileModel(model, { samples, minAgreement: 0 });
  expect(agreement.maxDifference).toBe(0);
  model.dispose();
};

const bn = () => batchNorm({});
const pool = (padding: 'same' | 'valid' = 'valid', poolSize = 2, strides = 2) =>
  tfl.layers.maxPooling2d({ poolSize, strides, padding });

const blocks: Record<string, () => Layer[]> = {
  nothing: () => [],
  'batch norm': () => [bn()],
  'batch norm, max pool': () => [bn(), pool()],
  'max pool, batch norm': () => [pool(), bn()],
  'overlapping same pool between batch norms': () => [bn(), pool('same', 3, 2), bn()],
  'two pools': () => [pool(), bn(), pool()],
  'batch norm, RPReLU': () => [
    bn(),
    rprelu({ gammaInitializer: 'randomNormal', zetaInitializer: 'randomNormal' }),
  ],
  'PReLU over channels, batch norm': () => [tfl.layers.prelu({ sharedAxes: [1, 2] }), bn()],
  'ReLU, batch norm': () => [tfl.layers.reLU(), bn()],
  'hard sigmoid, batch norm': () => [tfl.layers.activation({ activation: 'hardSigmoid' }), bn()],
  'hard tanh': () => [bn(), hardTanh(), bn()],
  'PReLU of one slope, batch norm': () => [tfl.layers.prelu({ sharedAxes: [1, 2, 3] }), bn()],
  'padding of every axis': () => [
    bn(),
    padding({ rows: [1, 0], columns: 2, channels: [0, 3], value: -0.5 }),
    bn(),
  ],
  dropout: () => [tfl.layers.dropout({ rate: 0.5 }), bn()],
  'tfjs batch normalization': () => [tfl.layers.batchNormalization()],
  'rsign input': () => [bn(), quantActivation({ inputQuantizer: 'rsign' }), bn()],
  'global max pool': () => [bn(), tfl.layers.globalMaxPooling2d({})],
};

describe.each(Object.entries(blocks))('%s', (_, block) => {
  it.each([1, 2, 3, 4])('folds exactly with extreme batch norms, seed %i', async (seed) => {
    await compileExactly(sandwich([7, 6, 3], ...block()), seed);
  });
});

describe('products', () => {
  const conv = (options: object) => quantConv2d({ filters: 4, kernelSize: 3, ...q, ...options } as never);
  const cases: Record<string, () => Layer[]> = {
    'stride 2, valid': () => [conv({ strides: 2 })],
    'stride 3 > kernel 1': () => [conv({ kernelSize: 1, strides: 3 })],
    'kernel 5, same': () => [conv({ kernelSize: 5, padding: 'same' })],
    'kernel 7x1, same, one-padding': () => [conv({ kernelSize: [7, 1], padding: 'same', padValues: 1 })],
    'stride 2, one pixel on each side': () => [conv({ strides: 2, padding: 1 })],
    'uneven padding': () => [conv({ padding: [[0, 2], [1, 0]] })], // prettier-ignore
    'uneven padding with ones, stride 2': () => [conv({ strides: 2, padding: [1, 2], padValues: 1 })],
    'dilation 2, same': () => [conv({ dilationRate: 2, padding: 'same' })],
    'groups 2': () => [conv({ groups: 2, padding: 'same' })],
    depthwise: () => [
      quantDepthwiseConv2d({
        kernelSize: 3,
        padding: 'same',
        depthwiseQuantizer: 'ste',
        inputQuantizer: 'ste',
        useBias: false,
      }),
    ],
    'depthwise, multiplier 2, stride 2': () => [
      quantDepthwiseConv2d({
        kernelSize: 3,
        strides: 2,
        depthMultiplier: 2,
        depthwiseQuantizer: 'ste',
        inputQuantizer: 'ste',
      }),
    ],
    separable: () => [
      quantSeparableConv2d({
        filters: 4,
        kernelSize: 3,
        depthwiseQuantizer: 'ste',
        pointwiseQuantizer: 'ste',
        inputQuantizer: 'ste',
      }),
    ],
    'depthwise of tfjs, whose dilation it ignores': () => [
      tfl.layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2, padding: 'same' }),
    ],
    'heaviside inputs, zero padding': () => [conv({ inputQuantizer: 'heaviside', padding: 'same' })],
    'ternary kernel': () => [conv({ kernelQuantizer: 'ternary' })],
    'scaled kernel and bias': () => [
      conv({ kernelQuantizer: 'xnor', useBias: true, biasInitializer: 'randomNormal' }),
    ],
    'ternary kernel and one-padding': () => [
      conv({ kernelQuantizer: 'ternary', padding: 'same', padValues: 1 }),
    ],
  };
  it.each(Object.entries(cases))('%s', async (_, layers) => {
    await compileExactly(sandwich([9, 8, 3], bn(), ...layers(), bn()), 2, false);
  });

  it('1-D convolution', async () => {
    const layers = [
      quantConv1d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', inputShape: [11, 4], ...q }),
      bn(),
    ];
    await compileExactly(sandwich([11, 4], ...layers), 4);
  });

  it('a residual sum, a concatenation and a nested model', async () => {
    const input = tfl.input({ shape: [6, 6, 4] });
    const conv = () => quantConv2d({ filters: 4, kernelSize: 3, padding: 'same', ...q });
    const inner = tfl.sequential({
      layers: [quantConv2d({ filters: 4, kernelSize: 1, inputShape: [6, 6, 4], ...q }), bn()],
    });
    let x = bn().apply(conv().apply(input)) as tfl.SymbolicTensor;
    x = tfl.layers.add().apply([x, bn().apply(conv().apply(x)) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    x = tfl.layers.concatenate().apply([x, inner.apply(x) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    x = tfl.layers.averagePooling2d({ poolSize: 2 }).apply(x) as tfl.SymbolicTensor;
    x = tfl.layers.globalAveragePooling2d({}).apply(x) as tfl.SymbolicTensor;
    const model = tfl.model({
      inputs: input,
      outputs: tfl.layers.dense({ units: 3 }).apply(x) as tfl.SymbolicTensor,
    });
    randomizeNorms(model, 6, false);
    const { agreement } = await compileModel(model);
    expect(agreement.maxDifference).toBeLessThan(1e-4 * Math.max(1, agreement.maxOutput));
    model.dispose();
  });
});

describe('what cannot be compiled says so', () => {
  const fails = async (model: tfl.LayersModel, pattern: RegExp) => {
    await expect(compileModel(model)).rejects.toThrowError(pattern);
    model.dispose();
  };

  it('names the layer and what to do', async () => {
    await fails(
      tfl.sequential({ layers: [tfl.layers.upSampling2d({ name: 'up', inputShape: [4, 4, 1] })] }),
      /layer "up" \(UpSampling2D\): has no packed form.*Use one of/s,
    );
    await fails(
      tfl.sequential({
        layers: [tfl.layers.dense({ units: 2, activation: 'selu', inputShape: [3], name: 'd' })],
      }),
      /layer "d".*activation "selu"/s,
    );
  });

  it.each([
    ['a scale of its input', { scale: (x: tf.Tensor) => tf.mean(tf.abs(x)) }, /has a scale/],
    [
      'statistics of its input',
      { prepare: (x: tf.Tensor) => tf.sub(x, tf.mean(x)) },
      /depends on more than the element/,
    ],
  ])('refuses an input quantizer with %s', async (_, extra, pattern) => {
    const forward = defineForward({ ...signForward(), name: 'custom', ...extra });
    const inputQuantizer = pairQuantizer(forward, identitySurrogate());
    const layer = quantDense({ units: 2, ...q, inputQuantizer, inputShape: [3], name: 'custom' });
    await fails(tfl.sequential({ layers: [layer] }), pattern);
  });

  it('refuses bytes without a normalization', async () => {
    const model = tfl.sequential({ layers: [quantDense({ units: 2, inputShape: [3], ...q })] });
    await expect(compileModel(model, { input: 'u8' })).rejects.toThrowError(/normalization/);
    model.dispose();
  });

  it.each([
    [
      [0.1307],
      [0.3081],
      /normalization\.std: got \[0\.3081\].*units of bytes.*mean: \[33\.33\], std: \[78\.57\]/s,
    ],
    [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225], /multiply by 255: \{ mean: \[123\.68, 116\.28, 103\.53\]/],
    [[0], [0.999], /at least 1/],
    [[127], [0], /standard deviation is positive/],
    [[127], [-60], /standard deviation is positive/],
    [[127, 127], [60], /normalization\.mean.*1 or 3 finite numbers/],
    [[127], [60, NaN, 60], /normalization\.std/],
    [[Infinity], [60], /normalization\.mean/],
  ])('refuses a normalization that is not in units of bytes: %j / %j', async (mean, std, pattern) => {
    const model = tfl.sequential({ layers: [quantDense({ units: 2, inputShape: [3], ...q })] });
    for (const input of ['u8', 'f32'] as const)
      await expect(compileModel(model, { input, normalization: { mean, std } })).rejects.toThrow(
        expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(pattern) }),
      );
    model.dispose();
  });

  it.each([
    [[0], [255]],
    [[0], [1]],
    [[127.5], [127.5]],
    [
      [125.3, 123, 113.9],
      [63, 62.1, 66.7],
    ],
    // Bytes to 1..2: unusual, and nothing says that it is wrong.
    [[-255], [255]],
  ])('takes %j / %j', async (mean, std) => {
    const model = tfl.sequential({ layers: [quantDense({ units: 2, inputShape: [3], ...q })] });
    const { model: packed } = await compileModel(model, { input: 'u8', normalization: { mean, std } });
    expect(packed.metadata.normalization).toEqual({ mean, std });
    model.dispose();
  });
});

describe('labels', () => {
  /** Class 0 where the first byte is dark, else 1: one weight a class, of opposite sign. */
  const darkOrBright = (): tfl.Sequential => {
    const dense = tfl.layers.dense({ units: 2, useBias: false, inputShape: [1] });
    const model = tfl.sequential({ layers: [dense] });
    dense.setWeights([tf.tensor2d([-1, 1], [1, 2])]);
    return model;
  };
  const base = {
    input: 'u8',
    normalization: { mean: [127.5], std: [127.5] },
    samples: Uint8Array.of(0, 100, 200, 255),
  } as const;

  it('give the accuracy, and minAccuracy refuses less with the likely reason', async () => {
    const model = darkOrBright();
    const { agreement } = await compileModel(model, { ...base, labels: [0, 0, 1, 0], minAccuracy: 0.75 });
    expect(agreement).toMatchObject({ samples: 4, argmax: 1, accuracy: 0.75 });
    await expect(compileModel(model, { ...base, labels: [0, 0, 0, 0], minAccuracy: 0.75 })).rejects.toThrow(
      expect.objectContaining({
        code: 'verification-failed',
        message: expect.stringMatching(/got 0\.5, expected at least 0\.75.*normalization/s),
      }),
    );
    // Bytes that were never scaled as in training: both sides agree on every answer, and every answer is class 1.
    const normalization = { mean: [0], std: [255] };
    const options = { ...base, normalization, labels: [0, 0, 1, 1] };
    expect((await compileModel(model, options)).agreement).toMatchObject({ argmax: 1, accuracy: 0.75 });
    await expect(compileModel(model, { ...options, minAccuracy: 1 })).rejects.toMatchObject({
      code: 'verification-failed',
    });
    model.dispose();
  });

  it('must fit the samples', async () => {
    const model = darkOrBright();
    for (const options of [
      { ...base, labels: [0, 1] },
      { input: 'f32', labels: [0] } as const,
      { ...base, minAccuracy: 0.5 },
      { ...base, labels: [0, 0, 1, 1], minAccuracy: 1.5 },
      { ...base, labels: [0, 0, 1, 1], minAccuracy: NaN },
    ])
      await expect(compileModel(model, options)).rejects.toMatchObject({ code: 'invalid-option' });
    model.dispose();
  });
});
