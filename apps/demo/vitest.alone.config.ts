// What measures the page, and so wants the machine for itself: after all other tests, one at a time.
import { project } from '@bitgrad/tooling/vitest';

/** Files of such tests. */
export const alone = ['test/quiet.test.ts'];

export default project('demo-alone', {
  long: ['test/quiet.test.ts'],
  include: alone,
  // With both, vitest runs it when all others have ended.
  isolate: true,
  fileParallelism: false,
  globalSetup: ['test/site.ts'],
});
