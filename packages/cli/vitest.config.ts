import { project } from '@bitgrad/tooling/vitest';

export default project('cli', {
  // Commands load plugins, which stay registered.
  isolate: true,
  long: ['test/process.test.ts'],
});
