import { project } from '@bitgrad/tooling/vitest';

export default project('backend-webgpu', {
  long: ['test/training.test.ts', 'test/models.test.ts'],
});
