import { project } from '@bitgrad/tooling/vitest';

export default project('importer', { slow: ['test/export.test.ts'] });
