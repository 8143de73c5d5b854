// Training on webgl in headless Chromium: the suite, the same script as on every backend against cpu, leaks and loss.
import { fileURLToPath } from 'node:url';
import { webgl } from '../src/index.js';
import { testTrainingInChromium } from '../../backend-webgpu/test/support/training-in-chromium.js';

testTrainingInChromium(() => webgl(), 'renderer', fileURLToPath(new URL('.', import.meta.url)));
