import { project } from '@bitgrad/tooling/vitest';

export default project('backend-webgl', {
  long: ['test/training.test.ts', 'test/models.test.ts'],
});
