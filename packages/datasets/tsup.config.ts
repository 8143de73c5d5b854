import { library } from '@bitgrad/tooling/tsup';

export default library({
  entry: ['src/index.ts', 'src/node.ts', 'src/decode-worker.ts'],
  external: [/^node:/],
});
