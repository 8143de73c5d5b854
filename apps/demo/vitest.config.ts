import { project } from '@bitgrad/tooling/vitest';

export default project('demo', {
  long: [
    'test/pages.test.ts',
    'test/draw.test.ts',
    'test/listen.test.ts',
    'test/first-visit.test.ts',
    'test/train.test.ts',
    'test/teach.test.ts',
    'test/files.test.ts',
    'test/hosting.test.ts',
    'test/backends.test.ts',
    'test/quiet.test.ts',
  ],
  longSetup: ['test/site.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
});
