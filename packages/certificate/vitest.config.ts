import { project } from '@bitgrad/tooling/vitest';

export default project('certificate', { together: 'cpu' });
