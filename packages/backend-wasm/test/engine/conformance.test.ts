// The engine suite of the testkit, on both builds.
import { testEngine } from '@bitgrad/testkit';
import { wasmEngine } from '../../src/engine/index.js';

for (const variant of ['simd', 'scalar'] as const)
  testEngine({ name: 'wasm', create: () => wasmEngine({ variant }) });
