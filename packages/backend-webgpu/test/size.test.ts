// What a page downloads to run models on webgpu.
import { fileURLToPath } from 'node:url';
import { testEngineSize } from '@bitgrad/gpu-tests/engine-size';

testEngineSize('webgpuEngine', fileURLToPath(new URL('..', import.meta.url)));
