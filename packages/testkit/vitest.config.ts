import { project } from '@bitgrad/tooling/vitest';

export default project('testkit', { together: 'plain' });
