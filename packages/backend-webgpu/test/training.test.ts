// Training on webgpu in headless Chromium: the suite, the same script as on every backend against cpu, leaks and loss.
import { fileURLToPath } from 'node:url';
import { webgpu } from '../src/index.js';
import { testTrainingInChromium } from './support/training-in-chromium.js';

testTrainingInChromium(() => webgpu(), 'adapter', fileURLToPath(new URL('.', import.meta.url)));
