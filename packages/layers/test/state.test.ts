// The state of all quantized layers of a model: clock, hardening, latent kernels, constraints, tensor counts.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { defineForward, initialClock, pairQuantizer } from '@bitgrad/core';
import {
  applyConstraints,
  batchNorm,
  layersOf,
  needsClock,
  quantConv2d,
  quantDense,
  quantizedKernels,
  quantLayersOf,
  setClock,
  setHardened,
  withHardened,
  withQuantizedWeights,
} from '../src/index.js';
import { identity, signForward } from './fixtures.js';
import { samples } from './oracle.js';

const dense = (name: string, args = {}) =>
  quantDense({ units: 2, name, kernelQuantizer: 'test-ste', useBias: false, ...args });

/** A quantized layer in the model, one in a nested model, one in a wrapper, one used twice. */
function nested(quantizer = 'test-ste') {
  const inner = tfl.sequential({
    layers: [dense('inner', { inputShape: [2], kernelQuantizer: quantizer }), tfl.layers.reLU()],
  });
  const shared = dense('shared', { kernelQuantizer: quantizer });
  const input = tfl.input({ shape: [3, 2] });
  let x = tfl.layers
    .timeDistributed({ layer: dense('wrapped', { kernelQuantizer: quantizer }) })
    .apply(input);
  x = shared.apply(shared.apply(x));
  x = tfl.layers.globalAveragePooling1d({}).apply(x);
  return tfl.model({ inputs: input, outputs: inner.apply(x) as tfl.SymbolicTensor });
}

const quantizer = (steepness: number) => ({ ...initialClock, step: steepness - 1, totalSteps: 8 });
const one = (args: object) => {
  const model = tfl.sequential({
    layers: [quantDense({ units: 2, useBias: false, inputShape: [2], ...args })],
  });
  model.layers[0]!.setWeights([tf.tensor2d([[0.25, -0.5], [-0.75, 2]]), ...model.layers[0]!.getWeights().slice(1)]); // prettier-ignore
  return model;
};
const eye = tf.tensor2d([[1, 0], [0, 1]]); // prettier-ignore
const kernelSeen = (model: tfl.LayersModel) => [...(model.predict(eye) as tf.Tensor).dataSync()];

describe('model state', () => {
  it('reaches layers in nested models and wrappers, each once, in order', () => {
    expect(quantLayersOf(nested()).map(({ name }) => name)).toEqual(['wrapped', 'shared', 'inner']);
    expect(layersOf(nested()).length).toBe(6);
    const alone = dense('alone');
    expect(quantLayersOf(alone)).toEqual([alone]);
  });

  it('knows whether the clock is needed, and the clock decides what a scheduled quantizer does', () => {
    expect(needsClock(nested())).toBe(false);
    expect(needsClock(nested('test-soft'))).toBe(true);
    const model = one({ kernelQuantizer: 'test-soft' });
    const soft = (k: number) => [0.25, -0.5, -0.75, 2].map((w) => Math.tanh(k * w));
    const near = (actual: number[], expected: number[]) =>
      actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    near(kernelSeen(model), soft(1));
    setClock(model, quantizer(5));
    near(kernelSeen(model), soft(5));
    setHardened(model, true);
    expect(kernelSeen(model)).toEqual([1, -1, -1, 1]);
    setHardened(model, false);
    near(kernelSeen(model), soft(5));
  });

  it('hardens for the time of a function, also when it throws or waits', async () => {
    const model = one({ kernelQuantizer: 'test-soft' });
    const layer = quantLayersOf(model)[0]!;
    expect(withHardened(model, () => kernelSeen(model))).toEqual([1, -1, -1, 1]);
    expect(layer.hardened).toBe(false);
    expect(() => withHardened(model, () => { throw new RangeError('stop'); })).toThrow('stop'); // prettier-ignore
    expect(layer.hardened).toBe(false);
    const waiting = withHardened(model, async () => {
      await Promise.resolve();
      return layer.hardened;
    });
    expect(layer.hardened).toBe(true);
    expect(await waiting).toBe(true);
    expect(layer.hardened).toBe(false);
    await expect(withHardened(model, () => Promise.reject(new RangeError('later')))).rejects.toThrow('later');
    expect(layer.hardened).toBe(false);
    setHardened(model, true);
    withHardened(model, () => undefined);
    expect(layer.hardened).toBe(true);
  });

  it('noise of a quantizer acts in training steps only, and not when hardened', () => {
    const model = one({ kernelQuantizer: 'test-soft' });
    const layer = quantLayersOf(model)[0]!;
    const seen = (training: boolean) => [...(layer.apply(eye, { training }) as tf.Tensor).dataSync()];
    const [with_, without] = [seen(true), seen(false)];
    with_.forEach((v, i) => expect(v).toBeCloseTo(without[i]! + 0.5, 6));
    setHardened(model, true);
    expect(seen(true)).toEqual([1, -1, -1, 1]);
  });
});

describe('quantizedKernels', () => {
  it('gives the latent variables, their quantizers and what they become', () => {
    const model = one({ kernelQuantizer: 'test-scaled', inputQuantizer: 'test-ste', name: 'a' });
    const [kernel, ...rest] = quantizedKernels(model);
    expect(rest).toEqual([]);
    expect([kernel!.layer.name, kernel!.slot, kernel!.quantizer.name]).toEqual([
      'a',
      'kernel',
      'test-scaled',
    ]);
    expect(kernel!.site).toEqual({ role: 'kernel', shape: [2, 2], channelAxes: [-1] });
    expect(kernel!.variable).toBeInstanceOf(tf.Variable);
    expect(kernel!.variable).toBe(model.trainableWeights[0]!.read());
    expect([...kernel!.quantize().dataSync()]).toEqual([0.5, -1.25, -0.5, 1.25]);
  });

  it('has one entry for each quantized kernel, none for float ones', () => {
    const input = tfl.input({ shape: [4, 4, 1] });
    let x = quantConv2d({ filters: 2, kernelSize: 2 }).apply(input);
    x = tfl.layers.flatten().apply(x);
    x = dense('b').apply(x);
    const model = tfl.model({ inputs: input, outputs: x as tfl.SymbolicTensor });
    expect(quantizedKernels(model).map(({ layer }) => layer.name)).toEqual(['b']);
  });
});

describe('withQuantizedWeights', () => {
  it('shows the hardened kernels and restores the latent ones', async () => {
    const model = one({ kernelQuantizer: 'test-soft' });
    const latent = () => [...model.getWeights()[0]!.dataSync()];
    const tensors = tf.memory().numTensors;
    expect(withQuantizedWeights(model, latent)).toEqual([1, -1, -1, 1]);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(latent()).toEqual([0.25, -0.5, -0.75, 2]);
    expect(() => withQuantizedWeights(model, () => { throw new RangeError('stop'); })).toThrow('stop'); // prettier-ignore
    expect(latent()).toEqual([0.25, -0.5, -0.75, 2]);
    await withQuantizedWeights(model, async () => expect(latent()).toEqual([1, -1, -1, 1]));
    expect(latent()).toEqual([0.25, -0.5, -0.75, 2]);
  });

  it('uses the shown values as they are, not quantized again', () => {
    // Quantizing +-0.5 again would give -0.5 everywhere: both lie below the threshold of 0.6.
    const halves = defineForward({
      ...signForward,
      scale: () => tf.scalar(0.5),
      prepare: (v) => tf.sub(v, 0.6),
    });
    for (const kernelQuantizer of ['test-scaled', pairQuantizer(halves, identity)]) {
      const model = one({ kernelQuantizer });
      const before = kernelSeen(model);
      expect(withQuantizedWeights(model, () => kernelSeen(model))).toEqual(before);
    }
  });
});

describe('constraints', () => {
  it('weightClip clips, applied to every weight that has it', () => {
    const model = one({ kernelQuantizer: 'test-ste', kernelConstraint: 'weightClip' });
    const tensors = tf.memory().numTensors;
    applyConstraints(model);
    expect(tf.memory().numTensors).toBe(tensors);
    expect([...model.getWeights()[0]!.dataSync()]).toEqual([0.25, -0.5, -0.75, 1]);
  });

  it('has the effect in fit by onBatchEnd that tfjs-layers itself does not give', async () => {
    const fit = async (constrained: boolean) => {
      const model = one({ kernelQuantizer: 'test-ste', kernelConstraint: 'weightClip' });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
      const callbacks = constrained ? { onBatchEnd: () => applyConstraints(model) } : {};
      await model.fit(eye, tf.mul(eye, 5), { epochs: 1, verbose: 0, callbacks });
      return Math.max(...model.getWeights()[0]!.dataSync());
    };
    expect(await fit(false)).toBeGreaterThan(1);
    expect(await fit(true)).toBe(1);
  });
});

it('training keeps the number of tensors flat', () => {
  const model = tfl.sequential();
  model.add(
    quantConv2d({
      filters: 3,
      kernelSize: 3,
      padding: 'same',
      padValues: 1,
      kernelQuantizer: 'test-scaled',
      inputShape: [5, 5, 2],
    }),
  );
  model.add(batchNorm());
  model.add(
    quantConv2d({
      filters: 3,
      kernelSize: 2,
      dilationRate: 2,
      inputQuantizer: 'test-rsign',
      kernelQuantizer: 'test-soft',
    }),
  );
  model.add(batchNorm());
  model.add(tfl.layers.flatten());
  model.add(quantDense({ units: 2, inputQuantizer: 'test-ste', kernelQuantizer: 'test-ste' }));
  const optimizer = tf.train.adam(0.01);
  const [x, y] = [tf.tensor4d(samples(1, 200), [4, 5, 5, 2]), tf.tensor2d(samples(2, 8), [4, 2])];
  const step = () => {
    const variables = model.trainableWeights.map((w) => w.read() as tf.Variable);
    optimizer.minimize(
      () => tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      false,
      variables,
    );
    applyConstraints(model);
  };
  step();
  const tensors = tf.memory().numTensors;
  for (let i = 0; i < 20; i++) step();
  expect(tf.memory().numTensors).toBe(tensors);
});
