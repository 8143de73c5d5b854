// What a page downloads to run models on webgpu.
import { fileURLToPath } from 'node:url';
import { testEngineSize } from './support/engine-size.js';

testEngineSize('webgpuEngine', fileURLToPath(new URL('..', import.meta.url)));
