// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import '@tensorflow/tfjs-backend-cpu';
import { use } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { expect, it } from 'vitest';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  use(stePlugin);
  const options = { inputShape: [8, 8, 1], classes: 2, kernelQuantizer: 'ste', seed: 1, width: 0.1 };
  expect(
    await wrongCalls(exports, {
      cases: { createModel: { args: () => ['cnn', { ...options }], options: 1 } },
    }),
  ).toEqual([]);
});
