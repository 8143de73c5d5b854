import { project } from '@bitgrad/tooling/vitest';

export default project('runtime', {
  // A test registers an op of its own.
  isolate: true,
});
