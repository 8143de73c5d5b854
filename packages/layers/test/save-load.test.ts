// A saved model is rebuilt as it was: in memory and through files, with every layer, option and quantizer form.
import './fixtures.js';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { defineQuantizer, quantizerConfig } from '@bitgrad/core';
import type { QuantLayer } from '../src/index.js';
import {
  batchNorm,
  quantActivation,
  quantConv1d,
  quantConv2d,
  quantConv2dTranspose,
  quantDense,
  quantDepthwiseConv2d,
  quantLayersOf,
  quantSeparableConv2d,
  resolveQuantizer,
  rprelu,
  serializeQuantizer,
  weightClip,
} from '../src/index.js';
import { clipped, sign, signForward, soft } from './fixtures.js';
import { samples } from './oracle.js';

/** Every layer of the package, with options away from the defaults. */
function everything(): tfl.LayersModel {
  const pair = { forward: 'test-sign', surrogate: { name: 'test-identity' } };
  const image = tfl.input({ shape: [6, 6, 2] });
  const branch = (layer: tfl.layers.Layer) => layer.apply(image) as tfl.SymbolicTensor;
  const convolutions = [
    quantConv2d({
      filters: 4,
      kernelSize: [2, 3],
      strides: 2,
      padding: 'same',
      padValues: 1,
      groups: 2,
      inputQuantizer: sign(),
      kernelQuantizer: pair,
      kernelConstraint: weightClip({ clipValue: 0.5 }),
      kernelRegularizer: 'l1l2',
      activation: 'relu',
    }),
    quantConv2d({
      filters: 4,
      kernelSize: 2,
      strides: 2,
      dilationRate: [2, 1],
      padding: 'same',
      kernelQuantizer: { name: 'test-soft', options: { maxSteepness: 3 } },
      useBias: false,
    }),
    quantDepthwiseConv2d({
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      depthMultiplier: 2,
      depthwiseQuantizer: 'test-scaled',
      depthwiseConstraint: 'weightClip',
      depthwiseInitializer: 'heNormal',
    }),
    quantSeparableConv2d({
      filters: 4,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      depthwiseQuantizer: 'test-ste',
      pointwiseQuantizer: 'test-ste',
      pointwiseConstraint: { className: 'MaxNorm', config: { maxValue: 1 } } as never,
      inputQuantizer: 'test-rsign',
    }),
  ].map(branch);
  const sum = tfl.layers.add().apply(convolutions) as tfl.SymbolicTensor;
  const stack = [
    quantConv2dTranspose({
      filters: 3,
      kernelSize: 2,
      strides: 2,
      kernelQuantizer: 'test-scaled',
      inputQuantizer: 'test-ste',
    }),
    batchNorm({ momentum: 0.8 }),
    rprelu({ betaInitializer: 'ones' }),
    tfl.layers.reshape({ targetShape: [36, 3] }),
    quantConv1d({
      filters: 2,
      kernelSize: 3,
      strides: 2,
      dilationRate: 1,
      padding: 'same',
      padValues: 1,
      kernelQuantizer: 'test-ste',
      inputQuantizer: 'test-ste',
    }),
    quantActivation({ inputQuantizer: 'test-soft' }),
    tfl.layers.flatten(),
    quantDense({ units: 3, kernelQuantizer: 'test-ste', inputQuantizer: 'test-scaled', seed: 5 }),
  ];
  const output = stack.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, sum);
  return tfl.model({ inputs: image, outputs: output });
}

const x = tf.tensor4d(samples(8, 2 * 72), [2, 6, 6, 2]);
const outputs = (model: tfl.LayersModel) => [...(model.predict(x) as tf.Tensor).dataSync()];
const configs = (model: tfl.LayersModel) => model.layers.map((layer) => layer.getConfig());

/** Weights that no initializer gives, so that a loader that forgets one is noticed. */
const scramble = (model: tfl.LayersModel) =>
  model.setWeights(
    model.getWeights().map((w, i) => tf.add(w, tf.mul(tf.abs(tf.tensor(samples(i, w.size), w.shape)), 0.5))),
  );

describe('save and load', () => {
  it('gives identical outputs and configurations through memory', async () => {
    const model = everything();
    scramble(model);
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (given) => {
        artifacts = given;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
      }),
    );
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(artifacts!));
    expect(outputs(loaded)).toEqual(outputs(model));
    expect(configs(loaded)).toEqual(configs(model));
    expect(loaded.layers.map((layer) => layer.constructor)).toEqual(
      model.layers.map((layer) => layer.constructor),
    );
    const quantizers = (m: tfl.LayersModel) =>
      quantLayersOf(m).flatMap((layer) =>
        [...layer.slots.values()].map(({ quantizer }) => quantizerConfig(quantizer)),
      );
    expect(quantizers(loaded)).toEqual(quantizers(model));
    const trainable = (m: tfl.LayersModel) => m.trainableWeights.map(({ shape }) => shape);
    expect(trainable(loaded)).toEqual(trainable(model));
  });

  it('gives identical outputs through files of JSON and weights', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bitgrad-layers-'));
    try {
      const model = everything();
      scramble(model);
      const [topology, weights] = [join(folder, 'model.json'), join(folder, 'weights.bin')];
      await model.save({
        save: async ({ modelTopology, weightSpecs, weightData }) => {
          await writeFile(topology, JSON.stringify({ modelTopology, weightSpecs }));
          await writeFile(weights, Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)));
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
        },
      });
      const loaded = await tfl.loadLayersModel({
        load: async () => {
          const bytes = await readFile(weights);
          return {
            ...(JSON.parse(await readFile(topology, 'utf8')) as tf.io.ModelArtifacts),
            weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
          };
        },
      });
      expect(outputs(loaded)).toEqual(outputs(model));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('rebuilds one-padding, dilation and the like from JSON alone', () => {
    const json = JSON.stringify(everything().toJSON(null, false));
    expect(JSON.parse(json)).toBeTypeOf('object');
    expect(json).toContain('"pad_values":1');
    expect(json).toContain('"dilation_rate":[2,1]');
  });
});

describe('a quantizer in a configuration', () => {
  const through = (quantizer: ReturnType<typeof sign>) => {
    const layer = quantDense({ units: 1, kernelQuantizer: quantizer, inputShape: [2] });
    const model = tfl.sequential({ layers: [layer] });
    const text = JSON.stringify(model.toJSON(null, false));
    return { config: layer.getConfig()['kernelQuantizer'], text };
  };

  it('is plain JSON where tfjs keeps it', () => {
    expect(through(sign()).config).toEqual({ name: 'test-ste', options: {} });
    const pair = resolveQuantizer({ forward: signForward, surrogate: clipped }, 'kernel', 'x')!;
    expect(serializeQuantizer(pair)).toEqual({
      forward: { name: 'test-sign', options: {} },
      surrogate: { name: 'test-clipped', options: {} },
    });
  });

  it('survives when tfjs would change its keys and strings', async () => {
    const options = { maxSteepness: 2, T: 'BN_x' };
    const { config } = through(soft(options));
    expect(resolveQuantizer(config as never, 'kernel', 'x')!.options).toEqual(options);
    const model = tfl.sequential({
      layers: [quantDense({ units: 1, kernelQuantizer: soft(options), inputShape: [2] })],
    });
    const rebuilt = await tfl.models.modelFromJSON({ modelTopology: model.toJSON(null, false) as never });
    expect((rebuilt.layers[0] as QuantLayer).slots.get('kernel')!.quantizer.options).toEqual(options);
  });

  it('is refused with a code when its name is unknown or its role is wrong', () => {
    const code = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code(() => quantDense({ units: 1, kernelQuantizer: 'nobody' }))).toBe('unknown-name');
    const inputOnly = defineQuantizer({
      ...sign(),
      capabilities: { ...sign().capabilities, roles: ['input'] },
    });
    expect(code(() => quantDense({ units: 1, kernelQuantizer: inputOnly }))).toBe('incompatible');
    expect(code(() => quantDense({ units: 1, inputQuantizer: inputOnly }))).toBe('none');
    expect(code(() => quantDense({ units: 0 }))).toBe('invalid-option');
    expect(code(() => quantDense({ units: 1, kernelInitializer: 'nobody' as never }))).toBe('invalid-option');
    expect(code(() => quantDense({ units: 1, kernelConstraint: 'nobody' as never }))).toBe('invalid-option');
    expect(code(() => quantConv2d({ filters: 1, kernelSize: 0 }))).toBe('invalid-option');
    expect(code(() => quantConv2d({ filters: 1, kernelSize: [1, 2, 3] }))).toBe('invalid-option');
    expect(code(() => quantConv2d({ filters: 1, kernelSize: 1, padding: 'causal' as never }))).toBe(
      'invalid-option',
    );
    expect(code(() => quantConv2d({ filters: 1, kernelSize: 1, padValues: -1 as never }))).toBe(
      'invalid-option',
    );
    expect(code(() => quantConv2d({ filters: 1, kernelSize: 1, dataFormat: 'channelsFirst' as never }))).toBe(
      'invalid-option',
    );
    expect(code(() => quantConv2d({ filters: 3, kernelSize: 1, groups: 2 }).build([null, 4, 4, 4]))).toBe(
      'invalid-option',
    );
    expect(code(() => quantConv2d({ filters: 3, kernelSize: 1 }).build([null, 4, 4, null]))).toBe(
      'shape-mismatch',
    );
    expect(code(() => quantConv1d({ filters: 3, kernelSize: [1, 2] }))).toBe('invalid-option');
    expect(code(() => quantConv2dTranspose({ filters: 3, kernelSize: 1, padValues: 1 }))).toBe(
      'invalid-option',
    );
    expect(code(() => weightClip({ clipValue: 0 }))).toBe('invalid-option');
    expect(code(() => quantActivation({ inputQuantizer: 'test-soft' }).build([null, null]))).toBe(
      'shape-mismatch',
    );
    expect(code(() => quantDense({ units: 1, kernelQuantizer: 'test-ste' }).quantizeOptions('kernel'))).toBe(
      'invalid-state',
    );
  });
});

it('initial values depend on the seed, or on the layer name, and on nothing else', () => {
  const values = (args: object) => {
    const layer = quantDense({ units: 3, inputQuantizer: 'test-rsign', ...args });
    layer.build([null, 4]);
    return layer.getWeights().map((w) => [...w.dataSync()]);
  };
  expect(values({ seed: 1 })).toEqual(values({ seed: 1, name: 'other' }));
  expect(values({ name: 'a' })).toEqual(values({ name: 'a' }));
  expect(values({ name: 'a' })[0]).not.toEqual(values({ name: 'b' })[0]);
  expect(values({ seed: 1 })[0]).not.toEqual(values({ seed: 2 })[0]);
  expect(values({ seed: 1 })[2]).not.toEqual(values({ seed: 2 })[2]);
  expect(values({ seed: 0 })).toEqual(values({ seed: 0 }));
});
