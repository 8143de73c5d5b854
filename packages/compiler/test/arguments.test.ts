// What compileModel and verifyModel are given: wrong models, options, samples and weights are named, each with what to do.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { use } from '@bitgrad/core';
import { batchNorm, quantConv2d, quantDense } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel, graphOutputs, verifyModel, type CompileOptions } from '../src/index.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: 3 } as const;
const small = (): tfl.Sequential =>
  tfl.sequential({
    layers: [quantDense({ units: 4, inputShape: [4], ...q }), batchNorm({ name: 'norm' }), quantDense({ units: 2, ...q })], // prettier-ignore
  });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'BitgradError', code, message: expect.stringMatching(message) });

describe('models', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    [
      'a path',
      () => 'runs/quickstart',
      'invalid-option',
      /model given to compileModel: got "runs\/quickstart".*load it/s,
    ],
    ['nothing', () => undefined, 'invalid-option', /got "nothing"/],
    ['null', () => null, 'invalid-option', /got null/],
    ['a number', () => 3, 'invalid-option', /compileModel: got 3/],
    ['a layer', () => tfl.layers.dense({ units: 2 }), 'invalid-option', /expected a model/],
    ['a promise', () => Promise.resolve(small()), 'invalid-option', /await it/],
    ['an empty model', () => tfl.sequential({ name: 'mine' }), 'invalid-option', /at least one layer/],
    ['a disposed model', () => { const model = small(); model.dispose(); return model; }, 'disposed', /"sequential_\d+" given to compileModel was disposed/], // prettier-ignore
  ])('%s', async (_, make, code, message) => {
    await expect(compileModel(make() as tfl.LayersModel)).rejects.toThrow(error(code, message));
  });
});

it('graphOutputs and verifyModel want both models', async () => {
  const model = small();
  const { model: packed } = await compileModel(model);
  const wrong = error('invalid-option', /packed model given to \w+: got/);
  for (const value of [undefined, model, new Uint8Array(8)] as never[]) {
    await expect(verifyModel(model, value)).rejects.toThrow(wrong);
    expect(() => graphOutputs(model, value, new Float32Array(4))).toThrow(wrong);
  }
  const other = tfl.sequential({ layers: [quantDense({ units: 4, inputShape: [5], ...q })] });
  await expect(verifyModel(other, packed)).rejects.toThrow(
    error('shape-mismatch', /input of the packed model given to verifyModel: got \[4\], expected.*\[5\]/),
  );
  await expect(verifyModel('model' as never, packed)).rejects.toThrow(error('invalid-option', /verifyModel/));
  model.dispose();
});

describe('options', () => {
  it.each<[object, RegExp]>([
    [{ sample: new Float32Array(4) }, /no option "sample".*Did you mean "samples"/s],
    [{ lastlayer: 'float' }, /no option "lastlayer".*Did you mean "lastLayer"/s],
    [
      { lastLayer: 'INT8' },
      /"lastLayer" of compileModel: got "INT8", expected one of "auto", "float", "int8"/,
    ],
    [{ input: 'uint8' }, /"input".*got "uint8"/],
    [{ normalization: 'imagenet' }, /"normalization".*got "imagenet"/],
    [{ normalization: { mean: [0], stdev: [1] } }, /no option "normalization.stdev"/],
    [{ minAgreement: 2 }, /"minAgreement".*got 2/],
    [{ tolerance: -1 }, /"tolerance".*got -1/],
    [{ tolerance: NaN }, /"tolerance".*got NaN/],
    [{ engine: 'wasm' }, /"engine".*got "wasm".*an engine such as jsEngine\(\)/s],
    [{ engine: [] }, /"engine"/],
    [{ metric: () => 1 }, /"metric"/],
    [{ metric: { measure: () => 1, maxLoss: 0 } }, /metric.*samples that it is measured on/s],
    [{ metric: { measure: () => 1 } }, /"metric.maxLoss".*got "nothing"/],
    [{ labels: [0] }, /number of labels/],
    [{ samples: new Float32Array(8), labels: [0, 2] }, /label 1: got 2, expected an integer from 0 to 1/],
    [{ samples: new Float32Array(8), labels: [0, 0.5] }, /label 1: got 0.5/],
    [{ samples: new Float32Array(8), labels: 'ab' }, /labels: got "ab"/],
    [{ metadata: 'cnn' }, /"metadata"/],
  ])('%j', async (options, message) => {
    const model = small();
    await expect(compileModel(model, options as CompileOptions)).rejects.toThrow(
      error('invalid-option', message),
    );
    model.dispose();
  });

  it('of verifyModel alike', async () => {
    const model = small();
    const { model: packed } = await compileModel(model);
    const options = { minagreement: 1 } as object;
    await expect(verifyModel(model, packed, options)).rejects.toThrow(
      error('invalid-option', /minAgreement/),
    );
    model.dispose();
  });
});

describe('samples', () => {
  const bytes = { input: 'u8', normalization: { mean: [127.5], std: [127.5] } } as const;
  it.each<[string, object, string, RegExp]>([
    [
      'rows in a list',
      { samples: [[1, 2, 3, 4]] },
      'invalid-option',
      /got "Array".*Float32Array.from\(rows.flat\(\)\)/s,
    ],
    ['a tensor', { samples: tf.zeros([2, 4]) }, 'invalid-option', /got "Tensor".*await tensor.data\(\)/s],
    ['bytes for floats', { samples: new Uint8Array(4) }, 'invalid-option', /input "u8"/],
    [
      'floats for bytes',
      { ...bytes, samples: new Float32Array(4) },
      'invalid-option',
      /bytes \(0 to 255\) before/,
    ],
    [
      'half a row',
      { samples: new Float32Array(6) },
      'shape-mismatch',
      /got 6, expected a positive multiple of 4/,
    ],
    ['none', { samples: new Float32Array(0) }, 'shape-mismatch', /got 0/],
    [
      'a NaN',
      { samples: Float32Array.of(0, 0, 0, 0, 0, NaN, 0, 0) },
      'not-finite',
      /element 1 of sample 1: got NaN/,
    ],
  ])('%s', async (_, options, code, message) => {
    const model = small();
    await expect(compileModel(model, options as CompileOptions)).rejects.toThrow(error(code, message));
    model.dispose();
  });

  it('of graphOutputs alike', async () => {
    const model = small();
    const { model: packed } = await compileModel(model);
    expect(() => graphOutputs(model, packed, new Float32Array(3))).toThrow(error('shape-mismatch', /got 3/));
    model.dispose();
  });
});

describe('weights that are not finite', () => {
  const spoil = (model: tfl.LayersModel, layer: number, weight: number, value: number, at = 0): void => {
    const { weights } = model.layers[layer]!;
    const values = new Float32Array(weights[weight]!.read().dataSync());
    values[at] = value;
    weights[weight]!.write(tf.tensor(values, weights[weight]!.shape as number[]));
  };
  it.each<[number, number, number, number, RegExp]>([
    [0, 0, NaN, 5, /kernel of layer "[^"]+", element 5 of 16: got NaN/],
    [0, 0, Infinity, 0, /kernel of layer.*got Infinity/],
    [1, 0, NaN, 1, /gamma of layer "norm", element 1 of 4/],
    [1, 1, -Infinity, 0, /beta of layer "norm"/],
    [1, 2, NaN, 0, /moving_mean of layer "norm"/],
    [1, 3, NaN, 3, /moving_variance of layer "norm", element 3/],
    [1, 3, -1, 3, /moving_variance of layer "norm": got -1/],
  ])('layer %i, weight %i: %d', async (layer, weight, value, at, message) => {
    const model = small();
    spoil(model, layer, weight, value, at);
    await expect(compileModel(model)).rejects.toThrow(error('not-finite', message));
    model.dispose();
  });

  it('are found in nested models, and where a sign hides them', async () => {
    const inner = tfl.sequential({
      layers: [
        quantConv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1], ...q }),
        batchNorm({ name: 'deep' }),
      ],
    });
    const model = tfl.sequential({ layers: [inner, tfl.layers.flatten(), quantDense({ units: 2, ...q })] });
    spoil(inner, 1, 2, NaN);
    const signs = tf.tidy(() => (model.predict(tf.zeros([1, 5, 5, 1])) as tf.Tensor).dataSync());
    expect(signs.every(Number.isFinite)).toBe(true);
    await expect(compileModel(model)).rejects.toThrow(error('not-finite', /moving_mean of layer "deep"/));
    model.dispose();
  });

  it('leave nothing behind', async () => {
    const model = small();
    spoil(model, 1, 0, NaN);
    const before = tf.memory().numTensors;
    await expect(compileModel(model)).rejects.toThrow(/gamma/);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
