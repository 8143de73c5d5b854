import { project } from '@bitgrad/tooling/vitest';

export default project('backend-wasm', { slow: ['test/engine/conformance.test.ts'] });
