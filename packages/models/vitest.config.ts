import { project } from '@bitgrad/tooling/vitest';

export default project('models', { together: 'cpu', slow: ['test/models.test.ts'] });
