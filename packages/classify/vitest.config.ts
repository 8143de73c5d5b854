import { project } from '@bitgrad/tooling/vitest';

export default project('classify', { together: 'plain' });
