// What measures the page, and so wants the machine for itself: after all other tests, one at a time.
import { project } from '@bitgrad/tooling/vitest';

/** Files of such tests. */
export const alone = ['test/quiet.test.ts'];

export default project('demo-alone', {
  alone,
  globalSetup: ['test/site.ts'],
});
