import { project } from '@bitgrad/tooling/vitest';

export default project('backend-native', {
  long: ['test/crate.test.ts'],
  slow: ['test/engine/conformance.test.ts'],
});
