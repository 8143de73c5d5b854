// Random plans on memory full of noise: every instruction set, and two threads, against the JS engine, bit for bit. 60 plans;
// BITGRAD_PLANS any number, BITGRAD_PLAN_SEED from any seed:
//   BITGRAD_PLANS=100000 pnpm vitest run test/engine/random-plans.test.ts
import { describe, expect, it } from 'vitest';
import { dirtyMemory, jsEngine, type Engine, type PackedModel } from '@bitgrad/runtime';
import { noise, randomPlan } from '@bitgrad/testkit/engine';
import { amount } from '@bitgrad/tooling/endurance';
import { nativeEngine } from '../../src/engine/index.js';
import { reasonToSkip, sets } from '../support/addon.js';

const count = amount({ test: 60, variable: 'BITGRAD_PLANS' });
const first = Number(process.env['BITGRAD_PLAN_SEED'] ?? 1);

async function onDirtyMemory(
  engine: Engine,
  model: PackedModel,
  input: Uint8Array | Float32Array,
  threads: number,
) {
  const executable = await engine.compile(model, { threads });
  const results = [0, 1].map(() => {
    executable[dirtyMemory]!(noise);
    return executable.run(input);
  });
  executable.dispose();
  expect(results[1]).toStrictEqual(results[0]);
  return results[0]!;
}

describe.skipIf(reasonToSkip())('random plans on dirty memory', () => {
  it(`${count} plans: ${sets().join(', ')}`, { timeout: 6 * 3_600_000 }, async () => {
    for (let seed = first; seed < first + count; seed++) {
      const model = randomPlan(seed, 1 + (seed % 9));
      const expected = await onDirtyMemory(jsEngine(), model, model.input, 1);
      for (const isa of sets()) {
        const threads = 1 + (seed % 3);
        const results = await onDirtyMemory(nativeEngine({ isa }), model, model.input, threads);
        expect(results, `${isa}, ${threads} threads, seed ${seed}`).toStrictEqual(expected);
      }
    }
  });
});
