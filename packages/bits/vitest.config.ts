import { project } from '@bitgrad/tooling/vitest';

export default project('bits', { together: 'plain' });
