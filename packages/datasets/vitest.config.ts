import { project } from '@bitgrad/tooling/vitest';

export default project('datasets', {
  // Tests register data sets of their own.
  isolate: true,
});
