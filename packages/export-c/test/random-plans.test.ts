// Generated C against the reference engine, bit for bit, on random plans, with every compiler and processor that is here.
// BITGRAD_PLANS=5000: so many plans in place of a few dozen.
import { randomPlan } from '@bitgrad/testkit/engine';
import { describe, expect, it } from 'vitest';
import { isHere, reference, runInC, toolchains, wordsOf } from './support/run.js';

const plans = Number(process.env.BITGRAD_PLANS ?? 48);
const batch = 48;

describe.each(toolchains)('$name', (toolchain) => {
  it.skipIf(!isHere(toolchain))(
    `${plans} random plans (needs ${[toolchain.compiler, toolchain.runner?.[0]].filter(Boolean).join(' and ')})`,
    { timeout: 120_000 + plans * 1000 },
    async () => {
      for (let seed = 1; seed <= plans; seed += batch) {
        const cases = Array.from({ length: Math.min(batch, plans - seed + 1) }, (_, i) => {
          const { input, exact: _exact, ...model } = randomPlan(seed + i, 8);
          return { model, input };
        });
        const got = runInC(cases, toolchain);
        for (const [i, one] of cases.entries()) {
          const { type } = one.model.plan.buffers[one.model.plan.output]!;
          expect(wordsOf(got[i]!, type), `seed ${seed + i}`).toEqual(wordsOf(await reference(one), type));
        }
      }
    },
  );
});
