// The float dense layer at the end: in 8 bits where every argmax stays, in float where it is asked for or needed.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { use } from '@bitgrad/core';
import { batchNorm, quantDense } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel, graphOutputs } from '../src/index.js';
import { randomBytes } from './helpers.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: 3 } as const;

/** 24 inputs -> 16 binary sums -> batch norm -> dense with the given kernel. */
const modelWith = (kernel: number[][], softmax = false): tfl.Sequential => {
  const units = kernel[0]!.length;
  const model = tfl.sequential({
    layers: [
      quantDense({ units: kernel.length, inputShape: [24], ...q }),
      batchNorm({}),
      tfl.layers.dense({ units, name: 'logits' }),
      ...(softmax ? [tfl.layers.softmax()] : []),
    ],
  });
  const layer = model.getLayer('logits');
  const weights = [tf.tensor2d(kernel), tf.zeros([units])];
  layer.setWeights(weights);
  tf.dispose(weights);
  return model;
};

const floats = (count: number): Float32Array => Float32Array.from(randomBytes(count, 5), (b) => b - 127.5);
const kernel = (units: number): number[][] =>
  Array.from({ length: 16 }, (_, i) =>
    Array.from({ length: units }, (_, j) => Math.sin(3 * i + 7 * j) * 10 ** (j - 2)),
  );

describe('last layer', () => {
  it('rounds each output channel to its own 8-bit grid', async () => {
    const rows = kernel(4);
    const model = modelWith(rows);
    const samples = floats(24 * 20);
    const { model: packed, lastLayer } = await compileModel(model, {
      samples,
      lastLayer: 'int8',
      minAgreement: 0,
    });
    expect(lastLayer).toBe('int8');
    const dense = packed.plan.ops.find(({ op, name }) => op === 'dense' && name === 'logits')!;
    expect(packed.plan.weights[dense.weights![0]!]!.type).toBe('i8');
    // Rounding moves a logit by at most half a step of its channel for each input.
    const executable = await jsEngine().compile(packed);
    const got = executable.run(samples);
    const want = graphOutputs(model, packed, samples);
    for (let j = 0; j < 4; j++) {
      const step = Math.max(...rows.map((row) => Math.abs(row[j]!))) / 127;
      // 16 inputs, each a sum of 24 numbers of magnitude 1 over sqrt(1 + 1e-3).
      const most = 0.5 * step * 16 * 24;
      for (let r = 0; r < 20; r++)
        expect(Math.abs(got[r * 4 + j]! - want[r * 4 + j]!)).toBeLessThanOrEqual(most);
    }
    executable.dispose();
    model.dispose();
  });

  it('is int8 by default when no argmax changes on the samples', async () => {
    const model = modelWith(kernel(3), true);
    const samples = floats(24 * 50);
    const { lastLayer, agreement, bytes } = await compileModel(model, { samples });
    expect(lastLayer).toBe('int8');
    expect(agreement).toMatchObject({ samples: 50, argmax: 1 });
    const float = await compileModel(model, { samples, lastLayer: 'float' });
    expect(float.lastLayer).toBe('float');
    expect(bytes.length).toBeLessThan(float.bytes.length);
    model.dispose();
  });

  it('stays float when an argmax would change, and without samples', async () => {
    // Two columns that 8 bits cannot tell apart, of which the second is always the larger or always the smaller.
    const close = Array.from({ length: 16 }, (_, i) => [1 + i / 1e4, 1 + i / 1e4 + (i % 2 ? 1e-3 : -1e-3)]);
    const model = modelWith(close);
    const samples = floats(24 * 50);
    expect((await compileModel(model, { samples })).lastLayer).toBe('float');
    await expect(compileModel(model, { samples, lastLayer: 'int8' })).rejects.toThrowError(
      /disagrees with the graph/,
    );
    expect((await compileModel(model)).lastLayer).toBe('float');
    model.dispose();
  });

  it('has nothing to round in a model that ends in a binary layer', async () => {
    const model = tfl.sequential({
      layers: [quantDense({ units: 3, inputShape: [24], ...q }), batchNorm({})],
    });
    expect((await compileModel(model, { samples: floats(24 * 4), lastLayer: 'int8' })).lastLayer).toBe(null);
    model.dispose();
  });
});
