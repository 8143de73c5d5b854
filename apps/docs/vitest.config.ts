import { project } from '@bitgrad/tooling/vitest';

export default project('docs', {
  fileParallelism: false,
  globalSetup: ['test/built.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
});
