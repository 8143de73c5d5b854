import { project } from '@bitgrad/tooling/vitest';

export default project('docs', {
  long: ['test/lighthouse.test.ts', 'test/walk.test.ts'],
  fileParallelism: false,
  globalSetup: ['test/built.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
});
