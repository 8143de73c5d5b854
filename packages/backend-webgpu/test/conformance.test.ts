// The engine suite on WebGPU, in Node by Dawn and in headless Chromium.
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { testEngine } from '@bitgrad/testkit';
import { webgpuEngine } from '../src/engine/index.js';
import { dawn } from './support/dawn.js';

/** Divisions and square roots round within 2.5 units in the last place, and errors pass through a few steps. */
const tolerance = 2e-6;

let device: GPUDevice | undefined;
testEngine({
  name: 'dawn',
  tolerance,
  missing: async () => {
    const gpu = await dawn();
    device = await (await gpu?.requestAdapter())?.requestDevice();
    return device ? '' : 'Dawn finds no adapter: install a Vulkan driver';
  },
  create: () => webgpuEngine({ device: device! }),
});

let page: TestPage | undefined;
afterAll(async () => {
  await page?.close();
  device?.destroy();
});
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
  run: (name) => page!.call('check', name, tolerance),
});
