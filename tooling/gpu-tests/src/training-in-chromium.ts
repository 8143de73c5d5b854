// Training in headless Chromium: the suite, the same script as on every backend against cpu, leaks and loss.
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { amount, cycles } from '@bitgrad/tooling/endurance';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import type { BackendAdapter, Probe } from '@bitgrad/core';
import { testTrainingBackend } from '@bitgrad/testkit';
import { expectCurve } from './curves.js';
import { networks } from './training.js';

/** Of a loss curve: a step takes a page a quarter of a second. Dawn, which has the shaders of WebGPU too, takes 50. */
const steps = amount({ test: 20, full: 50, variable: 'BITGRAD_STEPS' });

/**
 * @param create the adapter, which cannot start in Node
 * @param described the feature of its probe that names what it runs on
 * @param resolveDir folder of the tests, with support/training-page.ts
 */
export function testTrainingInChromium(
  create: () => BackendAdapter,
  described: string,
  resolveDir: string,
): void {
  const { name } = create();
  let page: TestPage | undefined;
  let probe: Probe = { available: false, reason: chromiumMissing(), features: {} };
  const required = ['chromium', name].some((what) =>
    process.env['BITGRAD_REQUIRE']?.split(',').includes(what),
  );

  beforeAll(async () => {
    if (!chromiumMissing()) {
      page = await openChromium({
        contents: `export * from './support/training-page.js';`,
        resolveDir,
      });
      probe = await page.call<Probe>('probe');
    }
    if (required) expect(probe).toMatchObject({ available: true });
  });
  afterAll(() => page?.close());

  it('tells what it runs on', (context) => {
    if (!probe.available) context.skip(probe.reason);
    expect(typeof probe.features['software']).toBe('boolean');
    expect(probe.features[described]).toMatch(/./);
  });
  for (const network of networks)
    it(`loss curve of ${steps} steps of the ${network} within 1e-3 of cpu`, async (context) => {
      if (!probe.available) context.skip(probe.reason);
      await expectCurve(network, steps, (which, n) => page!.call('curve', which, n));
    }, 240_000);

  testTrainingBackend({
    create,
    elsewhere: {
      probe: () => Promise.resolve(probe),
      run: (which) => page!.call('check', which),
    },
  });

  it(`${cycles} cycles of making, training and disposing a model leave no tensor and no memory of the GPU`, async (context) => {
    if (!probe.available) context.skip(probe.reason);
    expect(await page!.call('modelCycles', cycles)).toEqual({ tensors: 0, bytesInGpu: 0, allocated: 0 });
  }, 240_000);
  it(`${cycles} cycles of starting and disposing the adapter leave the stock kernels and a working backend`, async (context) => {
    if (!probe.available) context.skip(probe.reason);
    expect(await page!.call('adapterCycles', cycles)).toEqual({ kernels: true, works: true });
  }, 240_000);
  it('a loss is a typed error, also of a read under way, and start() goes on', async (context) => {
    if (!probe.available) context.skip(probe.reason);
    expect(await page!.call('loss')).toMatchObject({
      reading: 'context-lost',
      next: 'context-lost',
      running: 'context-lost',
      same: true,
    });
    // As often as it is lost.
    expect(await page!.call('loss')).toMatchObject({ reading: 'context-lost', same: true });
  }, 60_000);

  it('says why it cannot start in Node', async () => {
    const { available, reason } = await create().probe();
    expect(available).toBe(false);
    expect(reason).toMatch(/not available/);
    await expect(create().start()).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
}
