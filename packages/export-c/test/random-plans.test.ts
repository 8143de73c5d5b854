// Generated C against the reference engine, bit for bit, on random plans, with every compiler and processor that is here.
// BITGRAD_PLANS=5000: so many plans in place of a few dozen; BITGRAD_PLAN_SEED: the first one.
import { channelNet, channelNets, randomPlan } from '@bitgrad/testkit/engine';
import { amount } from '@bitgrad/tooling/endurance';
import { describe, expect, it } from 'vitest';
import { isHere, reference, runInC, toolchains, wordsOf, type Case, type Toolchain } from './support/run.js';

const plans = amount({ test: 24, full: 48, variable: 'BITGRAD_PLANS' });
const first = Number(process.env.BITGRAD_PLAN_SEED ?? 1);
const effort = amount<'brief' | 'quick'>({ test: 'brief', full: 'quick' });
const gcc = toolchains[0]!;
/** In one program, which is compiled and started once. */
const batch = 48;
/** Plans that once failed: one's patches are made of whole words only, the other's of one word. */
const known = [3057, 4544];
const seeds = [...known, ...Array.from({ length: plans }, (_, i) => first + i)];

const caseOf = (seed: number): Case => {
  const { input, exact: _exact, ...model } = randomPlan(seed, 8);
  return { model, input };
};

/** Expects each model of a program to give the bits of the reference engine. */
const expectSame = async (cases: readonly Case[], labels: readonly string[], toolchain: Toolchain) => {
  const got = runInC(cases, toolchain);
  for (const [i, one] of cases.entries()) {
    const { type } = one.model.plan.buffers[one.model.plan.output]!;
    const [words, want] = [wordsOf(got[i]!, type), wordsOf(await reference(one), type)];
    const wrong = want.findIndex((word, k) => word !== words[k]);
    expect([words.length, wrong, words[wrong]], labels[i]).toEqual([want.length, -1, undefined]);
  }
};

describe.each(toolchains)('$name', (toolchain) => {
  it.skipIf(!isHere(toolchain))(
    `${plans} random plans (needs ${[toolchain.compiler, toolchain.runner?.[0]].filter(Boolean).join(' and ')})`,
    { timeout: 120_000 + plans * 1000 },
    async () => {
      for (let at = 0; at < seeds.length; at += batch) {
        const some = seeds.slice(at, at + batch);
        await expectSame(
          some.map(caseOf),
          some.map((seed) => `seed ${seed}`),
          toolchain,
        );
      }
    },
  );
});

// Random plans seldom have rows of several words of which one is written across the bound of two.
it.skipIf(!isHere(gcc))(
  'networks of numbers of filters around the bounds of words (needs gcc)',
  { timeout: 120_000 },
  async () => {
    const nets = Array.from({ length: 130 }, (_, i) => channelNets(i + 1, effort)).flat();
    const trials = nets.map(channelNet);
    for (let at = 0; at < trials.length; at += batch) {
      const some = trials.slice(at, at + batch);
      await expectSame(
        some.map((model) => ({ model, input: model.input })),
        some.map(({ label }) => label),
        gcc,
      );
    }
  },
);
