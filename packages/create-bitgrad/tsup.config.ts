import { fileURLToPath } from 'node:url';
import { library } from '@bitgrad/tooling/tsup';
import { writeTemplates } from './scripts/templates.mjs';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default library({
  entry: ['src/index.ts', 'src/main.ts'],
  platform: 'node',
  onSuccess: async () => writeTemplates(folder('templates'), folder('dist/templates')),
});
