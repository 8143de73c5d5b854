import { project } from '@bitgrad/tooling/vitest';

export default project('bench', {
  long: [
    'test/queue.test.ts',
    'test/queue-loss.test.ts',
    'test/run.test.ts',
    'test/stages.test.ts',
    'test/training.test.ts',
    'test/growth.test.ts',
  ],
});
