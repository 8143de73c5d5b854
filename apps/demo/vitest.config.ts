import { project } from '@bitgrad/tooling/vitest';

export default project('demo', {
  fileParallelism: false,
  globalSetup: ['test/site.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
});
