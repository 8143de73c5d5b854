import { project } from '@bitgrad/tooling/vitest';

export default project('backend-node-gpu', {
  long: ['test/training.test.ts', 'test/models.test.ts'],
});
