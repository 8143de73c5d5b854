// What a page downloads to run models on webgl.
import { fileURLToPath } from 'node:url';
import { testEngineSize } from '@bitgrad/gpu-tests/engine-size';

testEngineSize('webglEngine', fileURLToPath(new URL('..', import.meta.url)));
