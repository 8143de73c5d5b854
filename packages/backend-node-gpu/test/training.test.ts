// The same training script in Node: wasm and Dawn against cpu; the adapter's probe and refusals.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { wasm } from '@bitgrad/backend-wasm';
import { cpu } from '@bitgrad/backend-cpu';
import { useBackend } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { nodeGpu } from '../src/index.js';
import { amount, cycles } from '@bitgrad/tooling/endurance';
import { expectCurve } from '@bitgrad/gpu-tests/curves';
import { trainingPage } from '@bitgrad/gpu-tests/suite';
import { lossCurve, networks } from '@bitgrad/gpu-tests/training';
import { missingDawn } from './support/dawn.js';

const missing = await missingDawn();
const steps = amount({ test: 20, ci: 50, variable: 'BITGRAD_STEPS' });

describe.each(networks)(`loss curve of ${steps} steps of the %s within 1e-3 of cpu`, (network) => {
  it('wasm', () => expectCurve(network, steps, (name, n) => lossCurve(wasm(), name, n)), 240_000);
  it('dawn', (context) => {
    if (missing) context.skip(missing);
    return expectCurve(network, steps, (name, n) => lossCurve(nodeGpu({ allowSoftware: true }), name, n));
  }, 240_000);
});

describe('life on Dawn', () => {
  const lose = (): void => (tf.backend() as unknown as { device: GPUDevice }).device.destroy();
  const page = trainingPage(() => nodeGpu({ allowSoftware: true }), lose);

  it(`${cycles} cycles of making, training and disposing a model leave no tensor and no memory of the GPU`, async (context) => {
    if (missing) context.skip(missing);
    expect(await page.modelCycles(cycles)).toEqual({ tensors: 0, bytesInGpu: 0, allocated: 0 });
  }, 240_000);
  it(`${cycles} cycles of starting and disposing the adapter leave the stock kernels and a working backend`, async (context) => {
    if (missing) context.skip(missing);
    expect(await page.adapterCycles(cycles)).toEqual({ kernels: true, works: true });
  }, 60_000);
  it('a loss is a typed error, also of a read under way, and start() goes on', async (context) => {
    if (missing) context.skip(missing);
    const lost = { reading: 'context-lost', next: 'context-lost', running: 'context-lost', same: true };
    expect(await page.loss()).toMatchObject(lost);
    expect(await page.loss()).toMatchObject(lost);
  }, 60_000);
});

describe('nodeGpu()', () => {
  it('refuses a software renderer unless asked, and says what it is', async (context) => {
    if (missing) context.skip(missing);
    const { available, reason, features } = await nodeGpu().probe();
    expect(features).toMatchObject({ provider: 'dawn' });
    if (!features['software']) context.skip(`hardware: ${String(features['adapter'])}`);
    expect(available).toBe(false);
    expect(reason).toMatch(/software renderer.*allowSoftware/);
    await expect(nodeGpu().start()).rejects.toMatchObject({ code: 'backend-unavailable' });
    expect(await nodeGpu({ allowSoftware: true }).probe()).toMatchObject({ available: true, reason: '' });
  });
  it('the tensorflow provider says how to install what is missing', async (context) => {
    const { available, reason } = await nodeGpu({ provider: 'tensorflow' }).probe();
    if (available) context.skip('tfjs-node-gpu is installed');
    expect(reason).toMatch(/npm install @tensorflow\/tfjs-node-gpu/);
    await expect(nodeGpu({ provider: 'tensorflow' }).start()).rejects.toMatchObject({
      code: 'backend-unavailable',
    });
    expect(() => nodeGpu({ provider: 'cuda' as never })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    );
  });
  it('a preference list falls through with reasons', async () => {
    const { backend, skipped } = await useBackend([nodeGpu({ provider: 'tensorflow' }), nodeGpu(), cpu()]);
    if (backend.name === 'cpu') {
      expect(skipped.map(({ name }) => name)).toEqual(['node-gpu', 'node-gpu']);
      expect(tf.getBackend()).toBe('cpu');
    }
    for (const { reason } of skipped) expect(reason.length).toBeGreaterThan(20);
  });
});
