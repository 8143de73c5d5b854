import { project } from '@bitgrad/tooling/vitest';

export default project('importer', {
  // A test registers an importer of its own.
  isolate: true,
});
