// What is passed to the engine by mistake is answered by a BitgradError.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../../src/engine/index.js';

it('every exported function works or raises a BitgradError', async () => {
  const cases = { wasmEngine: { args: () => [{}], options: 0, methods: ['compile'] } };
  expect(await wrongCalls(exports, { cases })).toEqual([]);
});
