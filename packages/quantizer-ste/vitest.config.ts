import { project } from '@bitgrad/tooling/vitest';

export default project('quantizer-ste', { together: 'cpu' });
