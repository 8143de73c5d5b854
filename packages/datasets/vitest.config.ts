import { project } from '@bitgrad/tooling/vitest';

export default project('datasets', { together: 'plain' });
