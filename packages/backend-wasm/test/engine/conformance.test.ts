// The engine suite of the testkit, on every build and on two threads, on memory full of noise.
import { dirtyMemory, type Engine } from '@bitgrad/runtime';
import { convTrial, type Effort } from '@bitgrad/testkit/engine';
import { testEngine } from '@bitgrad/testkit';
import { amount } from '@bitgrad/tooling/endurance';
import { expect, it } from 'vitest';
import { detectFeatures } from '../../src/engine/features.js';
import { wasmEngine } from '../../src/engine/index.js';

// Builds differ by how many lanes they have, which few networks show as well as many.
const effort = amount<Effort>({ test: 'brief', ci: 'normal' });

for (const variant of ['simd', 'scalar'] as const)
  testEngine({ name: 'wasm', effort, create: () => wasmEngine({ variant }) });

const { relaxedSimd } = detectFeatures();
testEngine({
  name: 'wasm-relaxed',
  effort,
  create: () => wasmEngine({ variant: 'relaxed-simd' }),
  missing: () => (relaxedSimd ? '' : 'relaxed SIMD is not supported by this Node'),
});

const onTwoThreads = (): Engine => {
  const engine = wasmEngine();
  return { ...engine, compile: (model, options) => engine.compile(model, { ...options, threads: 2 }) };
};
testEngine({ name: 'wasm-threads', effort, create: onTwoThreads });

it('the suite can write noise to the memory of its models', async () => {
  const executable = await wasmEngine().compile(convTrial({ type: 'bits', size: [4, 4], c: 6, cOut: 6 }));
  let bytes = 0;
  executable[dirtyMemory]!((memory) => (bytes += memory.length));
  expect(bytes).toBeGreaterThanOrEqual(executable.report().arenaBytes);
  executable.dispose();
});
