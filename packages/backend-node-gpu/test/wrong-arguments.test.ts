// What is passed by mistake is answered by a BitgradError, and unknown options by their nearest name.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as engine from '../src/engine/index.js';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  const options = { provider: 'dawn', allowSoftware: true };
  expect(await wrongCalls(exports, { cases: { nodeGpu: { args: () => [options], options: 0 } } })).toEqual(
    [],
  );
  const ofEngine = { allowSoftware: true };
  expect(
    await wrongCalls(engine, { cases: { nodeGpuEngine: { args: () => [ofEngine], options: 0 } } }),
  ).toEqual([]);
});
