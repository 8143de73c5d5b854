import { project } from '@bitgrad/tooling/vitest';

export default project('layers', { together: 'cpu' });
