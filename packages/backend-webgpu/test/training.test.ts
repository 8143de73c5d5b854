// Training on webgpu in headless Chromium: the same script as on every backend, against cpu.
import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import type { BackendProbe } from '@bitgrad/core';
import { webgpu } from '../src/index.js';
import { expectCurve } from './support/curves.js';
import { networks } from './support/training.js';

let page: TestPage | undefined;
let probe: BackendProbe = { available: false, reason: chromiumMissing(), features: {} };
const required = ['chromium', 'webgpu'].some((name) =>
  process.env['BITGRAD_REQUIRE']?.split(',').includes(name),
);

beforeAll(async () => {
  if (!chromiumMissing()) {
    page = await openChromium({
      contents: `export * from './support/trainingPage.js';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    });
    probe = await page.call<BackendProbe>('probe');
  }
  if (required) expect(probe).toMatchObject({ available: true });
});
afterAll(() => page?.close());

it('tells what it runs on', (context) => {
  if (!probe.available) context.skip(probe.reason);
  expect(typeof probe.features['software']).toBe('boolean');
  expect(probe.features['adapter']).toMatch(/./);
});
for (const network of networks)
  it(`loss curve of the ${network} within 1e-3 of cpu`, async (context) => {
    if (!probe.available) context.skip(probe.reason);
    await expectCurve(network, (name) => page!.call('curve', name));
  }, 240_000);
it('says why it cannot start in Node', async () => {
  const { available, reason } = await webgpu().probe();
  expect(available).toBe(false);
  expect(reason).toMatch(/not available/);
  await expect(webgpu().start()).rejects.toMatchObject({ code: 'backend-unavailable' });
});
