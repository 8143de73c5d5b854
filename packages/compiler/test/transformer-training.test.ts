// vit-float-attention trained on the wasm backend: the gradients of the cpu backend, and every quantizer of the three packages
// trained, compiled, and run packed on two engines.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { wasm } from '@bitgrad/backend-wasm';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { createRng, defaultRegistry, softmaxCrossEntropy, use } from '@bitgrad/core';
import { createModel, type ModelOptions } from '@bitgrad/models';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine } from '@bitgrad/runtime';
import { createTrainer } from '@bitgrad/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';
import { randomBytes } from './helpers.js';

const plugins = [stePlugin, proxConnectPlugin, fdaPlugin];
const quantizers = plugins
  .flatMap(({ quantizers: table }) => Object.keys(table ?? {}))
  // Of inputs only.
  .filter((name) => name !== 'dorefa');
const options: ModelOptions = {
  inputShape: [12, 12, 1],
  classes: 4,
  kernelQuantizer: 'ste',
  width: 0.25,
  depth: 1,
  heads: 2,
};
const adapter = wasm({ threads: 1 });
beforeAll(async () => {
  use(...plugins);
  await adapter.start();
});
afterAll(() => adapter.dispose());

describe('gradients', () => {
  const inputs = (): [tf.Tensor, tf.Tensor2D] => {
    const rng = createRng(3);
    const x = Float32Array.from({ length: 6 * 144 }, () => rng.normal());
    return [tf.tensor(x, [6, 12, 12, 1]), tf.oneHot([0, 1, 2, 3, 0, 1], 4) as tf.Tensor2D];
  };
  /** Loss and the gradient of each weight, by its place. */
  const gradients = async (
    backend: string,
    kernelQuantizer: string | null,
    seed: number,
  ): Promise<Float32Array[]> => {
    await tf.setBackend(backend);
    const model = createModel('vit-float-attention', { ...options, kernelQuantizer, seed });
    const variables = model.trainableWeights.map((w) => w.read() as tf.Variable);
    const result = tf.tidy(() => {
      const [x, y] = inputs();
      const loss = () =>
        tf.mean(
          softmaxCrossEntropy(model.apply(x, { training: true }) as tf.Tensor2D, tf.cast(y, 'float32')),
        ) as tf.Scalar; // prettier-ignore
      const { value, grads } = tf.variableGrads(loss, variables);
      return [value, ...variables.map(({ name }) => grads[name]!)].map((t) => t.dataSync() as Float32Array);
    });
    model.dispose();
    return result;
  };

  // A sign of what lies within a rounding of 0 may differ between backends: with these seeds none does.
  it.each([null, 'ste', 'fda'].flatMap((q) => [1, 2].map((seed) => [q, seed] as const)))(
    'on wasm are those on cpu: %s, seed %i',
    async (quantizer, seed) => {
      const expected = await gradients('cpu', quantizer, seed);
      const actual = await gradients('wasm', quantizer, seed);
      expect(expected.length).toBeGreaterThan(20);
      actual.forEach((values, i) => {
        const largest = expected[i]!.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-2);
        const worst = values.reduce((a, v, k) => Math.max(a, Math.abs(v - expected[i]![k]!)), 0);
        expect(worst / largest, `weight ${i}`).toBeLessThan(1e-3);
      });
    },
  );
});

/** Input quantizers cannot have a scale or statistics when deployed; those kernels go with plain signs. */
const inputOf = (quantizer: string): string => {
  const { forward, capabilities } = defaultRegistry().quantizer(quantizer);
  return !forward.scale && !forward.prepare && capabilities.roles.includes('input') ? quantizer : 'ste';
};

describe('every quantizer', () => {
  const size = 144;
  const count = 48;
  const train = {
    shape: [12, 12, 1] as const,
    size: count,
    images: randomBytes(count * size, 5),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 4),
  };

  it.each(quantizers)('%s is trained, compiled and run packed', async (kernelQuantizer) => {
    const inputQuantizer = inputOf(kernelQuantizer);
    const model: tfl.LayersModel = createModel('vit-float-attention', {
      ...options,
      kernelQuantizer,
      inputQuantizer,
    });
    const trainer = createTrainer({
      model,
      train: train as never,
      epochs: 1,
      batchSize: 8,
      evaluateEvery: 0,
      flipEvery: 0,
    });
    const losses: number[] = [];
    for await (const event of trainer.run()) if (event.type === 'step') losses.push(event.loss);
    trainer.dispose();
    expect(losses).toHaveLength(6);
    expect(losses.every(Number.isFinite)).toBe(true);
    const samples = randomBytes(16 * size, 7);
    const normalization = { mean: [127.5], std: [127.5] };
    const compiled = {
      input: 'u8',
      normalization,
      samples,
      lastLayer: 'float',
      engine: wasmEngine(),
    } as const;
    const { agreement, model: packed, fallbacks } = await compileModel(model, compiled);
    expect(agreement.argmax).toBe(1);
    expect(fallbacks.filter(({ reason }) => !reason.includes('levels'))).toEqual([]);
    const [js, fast] = await Promise.all([jsEngine(), wasmEngine()].map((engine) => engine.compile(packed)));
    expect(fast!.run(samples)).toEqual(js!.run(samples));
    js!.dispose();
    fast!.dispose();
    model.dispose();
  });
});
