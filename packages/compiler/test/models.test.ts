// Every reference model, compiled, against its own hardened graph.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { use } from '@bitgrad/core';
import { createModel, modelNames, type ModelName } from '@bitgrad/models';
import { modernPlugin } from '@bitgrad/quantizer-modern';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { decodeModel, jsEngine } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';
import { randomBytes, randomizeNorms } from './helpers.js';

const normalization = { mean: [127.5], std: [127.5] };

beforeAll(async () => {
  use(stePlugin, modernPlugin);
  await tf.setBackend('cpu');
});

const small = modelNames.filter((name) => name !== 'birealnet18' && name !== 'lfc');
/** Widths of deep networks, and of wide ones. */
const narrow: Partial<Record<ModelName, number>> = { resnet18: 0.1, 'reactnet-a': 0.07, quicknet: 0.1 };

describe.each(small)('%s', (name: ModelName) => {
  it.each([1, 2])(
    'packed equals the graph (random batch norms, seed %i), and leaks nothing',
    async (seed) => {
      const model = createModel(name, {
        inputShape: [12, 12, 1],
        classes: 10,
        kernelQuantizer: 'ste',
        seed,
        width: narrow[name] ?? 0.25,
      });
      randomizeNorms(model, seed, false);
      const before = tf.memory().numTensors;
      const { agreement, bytes, fallbacks } = await compileModel(model, {
        input: 'u8',
        normalization,
        samples: randomBytes(4 * 144, seed),
        // The float last layer, so that every logit is compared; last-layer.test.ts has the other.
        lastLayer: 'float',
        engine: [wasmEngine(), jsEngine()],
      });
      expect(agreement.engines).toEqual(['wasm', 'js']);
      expect(tf.memory().numTensors).toBe(before);
      expect(agreement.argmax).toBe(1);
      expect(agreement.maxDifference).toBeLessThan(1e-3 * Math.max(1, agreement.maxOutput));
      // Only layers whose kernels are float by design.
      expect(fallbacks.filter(({ reason }) => !reason.includes('kernel is float32'))).toEqual([]);
      const executable = await jsEngine().compile(decodeModel(bytes));
      expect(executable.run(randomBytes(144, 9))).toHaveLength(10);
      executable.dispose();
      model.dispose();
    },
  );
});

it('cnn for MNIST takes at most 1/25 of its float32 weights', async () => {
  const inputShape = [28, 28, 1] as const;
  const model = createModel('cnn', { inputShape, classes: 10, kernelQuantizer: 'ste', seed: 1 });
  randomizeNorms(model, 1, false);
  // Positive, as training leaves nearly all of them: a pool in front of a falling threshold takes flips of its own.
  for (const { weights } of model.layers)
    for (const weight of weights) if (/gamma$/.test(weight.originalName)) weight.write(tf.abs(weight.read()));
  const { bytes, model: packed } = await compileModel(model, { input: 'u8', normalization });
  const float = model.weights.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce<number>((a, b) => a * b!, 1),
    0,
  );
  expect(packed.metadata.floatBytes).toBe(float);
  expect(float / bytes.length).toBeGreaterThanOrEqual(25);
  model.dispose();
});

describe('one-padding, float input and other quantizers', () => {
  const quantizers = ['ste', 'xnor', 'libra', 'bireal', 'ternary', 'heaviside', 'biper'];
  it.each(quantizers)('cnn with %s kernels', async (kernelQuantizer) => {
    const model = createModel('cnn', {
      inputShape: [10, 10, 3],
      classes: 4,
      kernelQuantizer,
      inputQuantizer: 'ste',
      width: 0.5,
      padValues: 1,
    });
    randomizeNorms(model, 3, false);
    const { agreement } = await compileModel(model);
    expect(agreement.argmax).toBe(1);
    expect(agreement.maxDifference).toBeLessThan(1e-3 * Math.max(1, agreement.maxOutput));
    model.dispose();
  });

  it.each(['ste', 'heaviside', 'rsign', 'dorefa'])('cnn with %s inputs', async (inputQuantizer) => {
    const model = createModel('cnn', {
      inputShape: [10, 10, 1],
      classes: 4,
      kernelQuantizer: 'ste',
      inputQuantizer,
      width: 0.5,
    });
    randomizeNorms(model, 5, false);
    const { agreement } = await compileModel(model, { input: 'u8', normalization });
    expect(agreement.argmax).toBe(1);
    expect(agreement.maxDifference).toBeLessThan(1e-3 * Math.max(1, agreement.maxOutput));
    model.dispose();
  });
});
