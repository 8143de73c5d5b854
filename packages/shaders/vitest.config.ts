import { project } from '@bitgrad/tooling/vitest';

export default project('shaders', { together: 'plain' });
