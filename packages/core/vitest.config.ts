import { project } from '@bitgrad/tooling/vitest';

export default project('core', { together: 'cpu' });
