import { library } from '@bitgrad/tooling/tsup';

export default library({ entry: ['src/index.ts', 'src/node.ts', 'src/layers.ts'], external: [/^node:/] });
