// What is passed to the adapter by mistake is answered by a BitgradError.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  const options = { threads: 1, wasmPaths: '/wasm/', fused: true, startMs: 1000 };
  expect(await wrongCalls(exports, { cases: { wasm: { args: () => [options], options: 0 } } })).toEqual([]);
});
