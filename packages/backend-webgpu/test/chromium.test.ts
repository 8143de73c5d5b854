// The engine suite on WebGPU in headless Chromium: the shaders are those of conformance.test.ts, and the browser's are the device,
// its loss and what is counted.
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { cycles } from '@bitgrad/tooling/endurance';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { testEngine } from '@bitgrad/testkit';
import { webgpuEngine } from '../src/engine/index.js';
import { effort, tolerance } from './support/effort.js';

let page: TestPage | undefined;
afterAll(() => page?.close());

testEngine({
  name: 'webgpu',
  tolerance,
  missing: async () => {
    if (chromiumMissing()) return chromiumMissing();
    page = await openChromium({
      contents: `export * from './support/page.js';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    });
    const { available, reason } = await page.call<{ available: boolean; reason?: string }>('probe');
    return available ? '' : reason!;
  },
  create: () => webgpuEngine(),
  effort,
  run: (name, effort) => page!.call('check', name, tolerance, effort),
  extra: () => {
    it('the suite can write noise to the memory of its models', async (context) => {
      if (!page) context.skip('no GPU here');
      expect(await page!.call('dirtyBytes')).toBeGreaterThan(0);
    });
    const only = (title: string, body: () => Promise<void>) =>
      it(title, async (context) => (page ? body() : context.skip('no WebGPU here')), 60_000);

    only('two models on one device work side by side', async () => {
      expect(await page!.call('sideBySide')).toBe(0);
    });
    only(`${cycles} cycles of create and dispose leave no buffer and no device`, async () => {
      expect(await page!.call('cycles', cycles)).toEqual({ buffers: 0, devices: 1, reason: 'destroyed' });
    });
    only('a loss during a run ends it, and restore() moves the model to a new device', async () => {
      expect(await page!.call('loss')).toEqual({
        during: 'context-lost',
        after: 'context-lost',
        same: true,
        devices: 2,
      });
    });
    only('nothing was reported to the console', async () => {
      expect(page!.errors).toEqual([]);
    });
  },
});
