import { project } from '@bitgrad/tooling/vitest';

export default project('backend-webgpu', {
  long: ['test/chromium.test.ts', 'test/training.test.ts', 'test/models.test.ts'],
  slow: ['test/conformance.test.ts'],
});
