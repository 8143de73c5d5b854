import { project } from '@bitgrad/tooling/vitest';

export default project('quantizer-proxconnect', { together: 'cpu' });
