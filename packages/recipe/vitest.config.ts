import { project } from '@bitgrad/tooling/vitest';

export default project('recipe', {
  // A test registers recipes of its own.
  isolate: true,
});
