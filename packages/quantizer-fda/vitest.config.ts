import { project } from '@bitgrad/tooling/vitest';

export default project('quantizer-fda', { together: 'cpu' });
