// What a page downloads to run models on webgl.
import { fileURLToPath } from 'node:url';
import { testEngineSize } from '../../backend-webgpu/test/support/engine-size.js';

testEngineSize('webglEngine', fileURLToPath(new URL('..', import.meta.url)));
