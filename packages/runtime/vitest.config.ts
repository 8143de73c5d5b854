import { project } from '@bitgrad/tooling/vitest';

export default project('runtime', { together: 'plain' });
