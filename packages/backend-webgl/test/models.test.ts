// Every reference model, compiled, in headless Chromium: the results of the webgl engine are those of the js engine.
import { fileURLToPath } from 'node:url';
import { testModelsInChromium } from '@bitgrad/gpu-tests/models-in-chromium';

await testModelsInChromium('webgl', fileURLToPath(new URL('.', import.meta.url)));
