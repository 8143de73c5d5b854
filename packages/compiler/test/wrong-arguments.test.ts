// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { use } from '@bitgrad/core';
import { quantDense } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine } from '@bitgrad/runtime';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { beforeAll, expect, it } from 'vitest';
import * as exports from '../src/index.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

it('every exported function works or raises a BitgradError', { timeout: 60_000 }, async () => {
  const layer = quantDense({ units: 2, inputShape: [3], kernelQuantizer: 'ste' });
  const model = tfl.sequential({ layers: [layer] });
  const { model: packed } = await exports.compileModel(model);
  const samples = new Float32Array(6).fill(0.5);
  const verified = {
    samples,
    labels: [0, 1],
    minAgreement: 0,
    tolerance: 1,
    minAccuracy: 0,
    metric: { measure: () => 1, maxLoss: 0 },
    engine: [jsEngine()],
    normalization: { mean: [127.5], std: [127.5] },
  };
  const compiled = {
    ...verified,
    input: 'f32',
    inputShape: [3],
    metadata: { classes: ['a', 'b'] },
    output: 'logits',
    lastLayer: 'float',
    lowerings: {},
  } as const;
  expect(
    await wrongCalls(exports, {
      // For lowerings, which are called with a layer and a context.
      skip: { asFloat: 'own-op.test.ts', emit: 'own-op.test.ts' },
      cases: {
        compileModel: { args: () => [model, { ...compiled }], options: 1 },
        verifyModel: { args: () => [model, packed, { ...verified }], options: 2 },
        graphOutputs: { args: () => [model, packed, samples] },
      },
    }),
  ).toEqual([]);
});
