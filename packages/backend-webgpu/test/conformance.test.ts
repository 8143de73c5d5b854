// The engine suite on WebGPU, in Node by Dawn.
import { afterAll } from 'vitest';
import type { Engine } from '@bitgrad/runtime';
import { testEngine } from '@bitgrad/testkit';
import { webgpuEngine } from '../src/engine/index.js';
import { dirtyable } from './support/dirty.js';
import { dawn } from './support/dawn.js';
import { effort, tolerance } from './support/effort.js';

let device: GPUDevice | undefined;
let dirty: (() => Engine) | undefined;
testEngine({
  name: 'dawn',
  tolerance,
  missing: async () => {
    const gpu = await dawn();
    device = await (await gpu?.requestAdapter())?.requestDevice();
    return device ? '' : 'Dawn finds no adapter: install a Vulkan driver';
  },
  effort,
  create: () => (dirty ??= dirtyable(device!, (own) => webgpuEngine({ device: own })))(),
});
afterAll(() => device?.destroy());
