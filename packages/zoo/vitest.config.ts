import { project } from '@bitgrad/tooling/vitest';

export default project('zoo', { slow: ['test/zoo.test.ts'] });
