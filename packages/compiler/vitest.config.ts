import { project } from '@bitgrad/tooling/vitest';

export default project('compiler', {
  // A test registers an op of its own.
  isolate: true,
});
