import { project } from '@bitgrad/tooling/vitest';
import { alone } from './vitest.alone.config.js';

export default project('demo', {
  exclude: alone,
  globalSetup: ['test/site.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
});
