import { project } from '@bitgrad/tooling/vitest';

export default project('create-bitgrad', { together: 'plain' });
