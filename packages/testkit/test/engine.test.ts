// The engine suite on the reference engine, and on engines that are broken in one way each.
import { describe, expect, it } from 'vitest';
import { dirtyMemory, jsEngine, type Engine, type Executable } from '@bitgrad/runtime';
import { channelNet, channelNets, engineCases, oracle, runDirty } from '../src/engine/index.js';
import { testEngine } from '../src/index.js';

testEngine({ name: 'js', create: jsEngine });

const broken = (change: (executable: Executable, index: number) => Partial<Executable>): (() => Engine) => {
  let made = 0;
  return () => ({
    ...jsEngine(),
    compile: async (model, options) => {
      const executable = await jsEngine().compile(model, options);
      return { ...executable, ...change(executable, made++) };
    },
  });
};
/** The last value is off by one. */
const offByOne = broken((executable) => ({
  runAsync: async (input, output) => {
    const result = executable.run(input, output);
    result[result.length - 1]! += 1;
    return result;
  },
}));

const lifecycle: Record<string, () => Engine> = {
  'a batch gives the results of its examples, in the array given': broken((executable) => ({
    runAsync: async (input) => executable.run(input),
  })),
  'refuses wrong lengths and types, and runs after dispose': broken(() => ({ dispose: () => undefined })),
  'reports a kernel for every op, and holds no more memory than allowed': broken((executable) => ({
    report: () => ({ ...executable.report(), ops: [] }),
  })),
  'two models side by side do not disturb each other': (() => {
    // Models share one array for their results.
    const shared = new Float32Array(1000);
    return broken((executable) => ({
      runAsync: async (input) => {
        const result = executable.run(input);
        shared.set(result);
        await Promise.resolve();
        await Promise.resolve();
        return Object.assign(result, shared.slice(0, result.length));
      },
    }));
  })(),
};

describe('every case fails on a broken engine', () => {
  it.each(engineCases.map(({ name, check }) => [name, check] as const))('%s', async (name, check) => {
    await expect(check({ create: lifecycle[name] ?? offByOne })).rejects.toThrow(/testkit/);
  });
});

describe('dirty memory', () => {
  /** Trusts what earlier runs left: right on the memory that it was compiled with, wrong on any other. */
  const trusting = broken((executable) => {
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
  const compared = engineCases.filter(({ name }) => !(name in lifecycle));

  it.each(compared.map(({ name, check }) => [name, check] as const))(
    'an engine that reads what it did not write fails: %s',
    async (_, check) => {
      await expect(check({ create: trusting })).rejects.toThrow(/testkit/);
    },
  );

  it('the JS engine gives what the oracle gives for 1 to 130 filters', async () => {
    for (let filters = 1; filters <= 130; filters++)
      for (const net of channelNets(filters, 'quick')) {
        const model = channelNet({ ...net, size: 8 });
        const executable = await jsEngine().compile(model);
        const truth = oracle(model, model.input)[model.plan.output]!;
        expect(Array.from(await runDirty(executable, model.input)), model.label).toEqual(Array.from(truth));
      }
  });
});
