import { project } from '@bitgrad/tooling/vitest';

export default project('export-c');
