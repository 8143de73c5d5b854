// Random plans on memory full of noise: every build of the engine, and two threads, against the JS engine, bit for bit; and
// the JS engine against the oracle. 150 plans; BITGRAD_PLANS any number, BITGRAD_PLAN_SEED from any seed:
//   BITGRAD_PLANS=100000 pnpm vitest run test/engine/random-plans.test.ts
import { describe, expect, it } from 'vitest';
import { dirtyMemory, jsEngine, validateModel, type PackedModel } from '@bitgrad/runtime';
import { noise, oracle, randomPlan } from '@bitgrad/testkit/engine';
import { amount } from '@bitgrad/tooling/endurance';
import { detectFeatures } from '../../src/engine/features.js';
import { wasmEngine } from '../../src/engine/index.js';

const count = amount({ test: 150, variable: 'BITGRAD_PLANS' });
const first = Number(process.env['BITGRAD_PLAN_SEED'] ?? 1);
const variants = [
  'simd',
  'scalar',
  ...(detectFeatures().relaxedSimd ? ['relaxed-simd' as const] : []),
] as const;
const plan = (seed: number) => randomPlan(seed, 1 + (seed % 9));
const long = 6 * 3_600_000;

async function onDirtyMemory(
  engine: ReturnType<typeof jsEngine>,
  model: PackedModel,
  input: Uint8Array | Float32Array,
  threads = 1,
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

describe('random plans on dirty memory', () => {
  it(`${count} plans: ${variants.join(', ')}`, { timeout: long }, async () => {
    let slowest = { ms: 0, seed: 0 };
    for (let seed = first; seed < first + count; seed++) {
      const model = plan(seed);
      const note = () => `seed ${seed} ${JSON.stringify(model.plan)}`;
      try {
        validateModel(model);
        const start = process.cpuUsage();
        const expected = await onDirtyMemory(jsEngine(), model, model.input);
        for (const variant of variants)
          expect(await onDirtyMemory(wasmEngine({ variant }), model, model.input), note()).toStrictEqual(
            expected,
          );
        const ms = process.cpuUsage(start).user / 1000;
        if (ms > slowest.ms) slowest = { ms, seed };
        const truth = oracle(model, model.input, { float32: true })[model.plan.output]!;
        for (let i = 0; i < truth.length; i++)
          if (!Object.is(expected[i], truth[i]) && expected[i] !== truth[i])
            expect.fail(`${note()}: the oracle differs at ${i}`);
      } catch (error) {
        throw Object.assign(error as Error, { message: `${(error as Error).message} ${note()}` });
      }
    }
    if (count > 150)
      process.stdout.write(
        `${count} plans from seed ${first}, slowest ${slowest.ms.toFixed(0)} ms (seed ${slowest.seed})\n`,
      );
  });

  it('on two threads', { timeout: long }, async () => {
    const plans = Math.ceil(count / 10);
    for (let seed = first + 9000; seed < first + 9000 + plans; seed++) {
      const model = plan(seed);
      const expected = await onDirtyMemory(jsEngine(), model, model.input);
      expect(await onDirtyMemory(wasmEngine(), model, model.input, 2), `seed ${seed}`).toStrictEqual(
        expected,
      );
    }
  });
});
