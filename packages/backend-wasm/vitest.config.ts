import { project } from '@bitgrad/tooling/vitest';

export default project('backend-wasm', {
  // Some tests register other backends and count threads.
  isolate: true,
});
