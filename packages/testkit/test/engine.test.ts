// The engine suite on the reference engine, and on engines that are broken in one way each.
import { describe, expect, it } from 'vitest';
import { dirtyMemory, jsEngine } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import { channelNet, channelNets, engineCases, oracle, runDirty } from '../src/engine/index.js';
import { testEngine } from '../src/index.js';
import { brokenEngines, misbehaving } from './broken-engines.js';

testEngine({ name: 'js', create: jsEngine });

describe('every case fails on an engine that is broken where it looks', () => {
  it('has a broken engine for each case', () => {
    expect(Object.keys(brokenEngines).sort()).toEqual(engineCases.map(({ name }) => name).sort());
  });
  it.each(engineCases.map(({ name, check }) => [name, check] as const))('%s', async (name, check) => {
    await expect(check({ create: brokenEngines[name]! })).rejects.toThrow(/testkit/);
  });
});

describe('dirty memory', () => {
  /** Trusts what earlier runs left: right on the memory that it was compiled with, wrong on any other. */
  const trusting = misbehaving((executable) => {
    let soiled = 0;
    return {
      [dirtyMemory]: () => void (soiled = 1),
      runAsync: async (input, output) => {
        const result = executable.run(input, output);
        result[0]! += soiled;
        return result;
      },
    };
  });
  // All but those of the life of an executable, the last five.
  const compared = engineCases.filter(({ name }) => !/^(a batch|refuses|reports|says|two models)/.test(name));

  it.each(compared.map(({ name, check }) => [name, check] as const))(
    'an engine that reads what it did not write fails: %s',
    async (_, check) => {
      await expect(check({ create: trusting })).rejects.toThrow(/testkit/);
    },
  );

  it('the JS engine gives what the oracle gives for 1 to 130 filters', async () => {
    for (let filters = 1; filters <= 130; filters += amount({ test: 3, ci: 1 }))
      for (const net of channelNets(filters, 'quick')) {
        const model = channelNet({ ...net, size: 8 });
        const executable = await jsEngine().compile(model);
        const truth = oracle(model, model.input)[model.plan.output]!;
        expect(Array.from(await runDirty(executable, model.input)), model.label).toEqual(Array.from(truth));
      }
  });
});
