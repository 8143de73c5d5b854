// What is passed by mistake is answered by a BitgradError.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  expect(await wrongCalls(exports, { cases: { cpu: { args: () => [{}], options: 0 } } })).toEqual([]);
});
