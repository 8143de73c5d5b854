// The engine suite on WebGPU in headless Chromium: the shaders are those of conformance.test.ts, and the browser's are the device,
// its loss and what is counted.
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { cycles } from '@bitgrad/tooling/endurance';
import { testEngineInChromium } from '@bitgrad/gpu-tests/engine-in-chromium';
import { webgpuEngine } from '../src/engine/index.js';
import { effort, tolerance } from './support/effort.js';

testEngineInChromium(
  { name: 'webgpu', tolerance, create: () => webgpuEngine(), effort },
  'WebGPU',
  fileURLToPath(new URL('.', import.meta.url)),
  ({ page, only }) => {
    only('two models on one device work side by side', async () => {
      expect(await page().call('sideBySide')).toBe(0);
    });
    only(`${cycles} cycles of create and dispose leave no buffer and no device`, async () => {
      expect(await page().call('cycles', cycles)).toEqual({ buffers: 0, devices: 1, reason: 'destroyed' });
    });
    only('a loss during a run ends it, and restore() moves the model to a new device', async () => {
      expect(await page().call('loss')).toEqual({
        during: 'context-lost',
        after: 'context-lost',
        same: true,
        devices: 2,
      });
    });
  },
);
