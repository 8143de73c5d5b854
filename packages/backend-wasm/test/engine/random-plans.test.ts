// Random plans: every build of the engine against the JS reference engine, bit for bit.
import { describe, expect, it } from 'vitest';
import { jsEngine, validateModel } from '@bitgrad/runtime';
import { wasmEngine } from '../../src/engine/index.js';
import { randomPlan } from '../../../runtime/test/support/random-plan.js';

const count = Number(process.env['BITGRAD_PLANS'] ?? 150);
const first = Number(process.env['BITGRAD_PLAN_SEED'] ?? 1);

describe.each(['simd', 'scalar'] as const)('random plans, %s', (variant) => {
  it(`${count} plans`, async () => {
    for (let seed = first; seed < first + count; seed++) {
      const model = randomPlan(seed, 1 + (seed % 9));
      validateModel(model);
      const js = await jsEngine().compile(model);
      const expected = js.run(model.input);
      let got;
      try {
        const wasm = await wasmEngine({ variant }).compile(model);
        wasm.run(model.input);
        got = wasm.run(model.input);
        wasm.dispose();
      } catch (error) {
        throw Object.assign(error as Error, {
          message: `seed ${seed}: ${(error as Error).message} ${JSON.stringify(model.plan.ops)}`,
        });
      }
      expect(got, `seed ${seed} ${JSON.stringify(model.plan)}`).toStrictEqual(expected);
    }
  });
});
