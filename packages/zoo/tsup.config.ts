import { readdirSync } from 'node:fs';
import { library } from '@bitgrad/tooling/tsup';

const models = readdirSync(new URL('models', import.meta.url));
export default library({
  entry: ['src/index.ts', 'src/node.ts', ...models.map((name) => `src/generated/${name}.ts`)],
});
