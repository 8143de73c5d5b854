import { project } from '@bitgrad/tooling/vitest';

export default project('cli', {
  long: ['test/process.test.ts'],
  slow: ['test/quantizers.test.ts'],
});
