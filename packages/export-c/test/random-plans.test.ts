// Generated C against the reference engine, bit for bit, on random plans, with every compiler and processor that is here.
// BITGRAD_PLANS=5000: so many plans in place of a few dozen; BITGRAD_PLAN_SEED: the first one.
import { randomPlan } from '@bitgrad/testkit/engine';
import { amount } from '@bitgrad/tooling/endurance';
import { describe, expect, it } from 'vitest';
import { isHere, reference, runInC, toolchains, wordsOf, type Case } from './support/run.js';

const plans = amount({ test: 24, full: 48, variable: 'BITGRAD_PLANS' });
const first = Number(process.env.BITGRAD_PLAN_SEED ?? 1);
/** In one program, which is compiled and started once. */
const batch = 48;
/** Plans that once failed: one's patches are made of whole words only, the other's of one word. */
const known = [3057, 4544];
const seeds = [...known, ...Array.from({ length: plans }, (_, i) => first + i)];

const caseOf = (seed: number): Case => {
  const { input, exact: _exact, ...model } = randomPlan(seed, 8);
  return { model, input };
};

describe.each(toolchains)('$name', (toolchain) => {
  it.skipIf(!isHere(toolchain))(
    `${plans} random plans (needs ${[toolchain.compiler, toolchain.runner?.[0]].filter(Boolean).join(' and ')})`,
    { timeout: 120_000 + plans * 1000 },
    async () => {
      for (let at = 0; at < seeds.length; at += batch) {
        const some = seeds.slice(at, at + batch);
        const cases = some.map(caseOf);
        const got = runInC(cases, toolchain);
        for (const [i, one] of cases.entries()) {
          const { type } = one.model.plan.buffers[one.model.plan.output]!;
          const [words, want] = [wordsOf(got[i]!, type), wordsOf(await reference(one), type)];
          const wrong = want.findIndex((word, k) => word !== words[k]);
          expect([words.length, wrong, words[wrong]], `seed ${some[i]}`).toEqual([
            want.length,
            -1,
            undefined,
          ]);
        }
      }
    },
  );
});
