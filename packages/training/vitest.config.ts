import { project } from '@bitgrad/tooling/vitest';

export default project('training', { together: 'cpu' });
