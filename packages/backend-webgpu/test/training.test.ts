// Training on webgpu in headless Chromium: the suite, the same script as on every backend against cpu, leaks and loss.
import { fileURLToPath } from 'node:url';
import { webgpu } from '../src/index.js';
import { testTrainingInChromium } from '@bitgrad/gpu-tests/training-in-chromium';

testTrainingInChromium(() => webgpu(), 'adapter', fileURLToPath(new URL('.', import.meta.url)));
