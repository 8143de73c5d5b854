import { library } from '@bitgrad/tooling/tsup';

export default library({
  entry: ['src/index.ts', 'src/engine/index.ts', 'src/engine/lowering.ts', 'src/training/index.ts'],
});
