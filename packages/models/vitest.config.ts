import { project } from '@bitgrad/tooling/vitest';

export default project('models', { slow: ['test/models.test.ts'] });
