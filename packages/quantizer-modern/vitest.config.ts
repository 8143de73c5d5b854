import { project } from '@bitgrad/tooling/vitest';

export default project('quantizer-modern', { together: 'cpu' });
