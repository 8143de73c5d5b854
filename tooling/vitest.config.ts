import { project } from './vitest.mjs';

export default project('tooling', {
  long: [
    'test/published.test.ts',
    'test/places.test.ts',
    'test/examples.test.ts',
    'test/site.test.ts',
    'test/templates.test.ts',
    'test/rehearsal.test.ts',
  ],
});
