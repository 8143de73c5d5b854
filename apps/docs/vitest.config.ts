import { project } from '@bitgrad/tooling/vitest';

export default project('docs', {
  // All of them want the built site.
  long: ['test/lighthouse.test.ts', 'test/walk.test.ts', 'test/pages.test.ts', 'test/links.test.ts'],
  longSetup: ['test/built.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
});
