import { project } from '@bitgrad/tooling/vitest';

export default project('backend-native', { slow: ['test/engine/conformance.test.ts'] });
