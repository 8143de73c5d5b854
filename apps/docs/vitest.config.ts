import { project } from '@bitgrad/tooling/vitest';
import { alone } from './vitest.alone.config.js';

export default project('docs', {
  // All of them want the built site.
  long: ['test/walk.test.ts', 'test/pages.test.ts', 'test/links.test.ts'],
  exclude: alone,
  globalSetup: ['test/built.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
});
