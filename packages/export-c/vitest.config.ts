import { project } from '@bitgrad/tooling/vitest';

export default project('export-c', {
  long: [
    'test/models.test.ts',
    'test/random-plans.test.ts',
    'test/microcontroller.test.ts',
    'test/zoo.test.ts',
  ],
});
