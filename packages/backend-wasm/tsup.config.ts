import { library } from '@bitgrad/tooling/tsup';
import { kernels } from './scripts/kernels.js';

export default library({
  entry: ['src/index.ts', 'src/engine/index.ts', 'src/engine/lowering.ts', 'src/training/index.ts'],
  define: { BITGRAD_KERNELS: JSON.stringify(kernels) },
});
