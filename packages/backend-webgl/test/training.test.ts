// Training on webgl in headless Chromium: the suite, the same script as on every backend against cpu, leaks and loss.
import { fileURLToPath } from 'node:url';
import { webgl } from '../src/index.js';
import { testTrainingInChromium } from '@bitgrad/gpu-tests/training-in-chromium';

testTrainingInChromium(() => webgl(), 'renderer', fileURLToPath(new URL('.', import.meta.url)));
