// What measures the pages, and so wants the machine for itself: after all other tests.
import { project } from '@bitgrad/tooling/vitest';

/** Files of such tests. */
export const alone = ['test/lighthouse.test.ts'];

export default project('docs-alone', {
  alone,
  globalSetup: ['test/built.ts'],
  hookTimeout: 120_000,
});
