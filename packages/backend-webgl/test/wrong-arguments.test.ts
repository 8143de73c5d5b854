// What is passed by mistake is answered by a BitgradError, and unknown options by their nearest name.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as engine from '../src/engine/index.js';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  expect(await wrongCalls(exports, { cases: { webgl: { args: () => [{}], options: 0 } } })).toEqual([]);
  const options = { context: { texStorage2D: () => {} }, allowSoftware: true };
  expect(
    await wrongCalls(engine, {
      cases: { webglEngine: { args: () => [options], options: 0, methods: ['compile'] } },
    }),
  ).toEqual([]);
});

it('compile names the option that was meant', async () => {
  const compiling = engine.webglEngine().compile({} as never, { thread: 2 } as never);
  await expect(compiling).rejects.toThrow(/no option "thread".*Did you mean "threads"/);
});
