// What is passed by mistake is answered by a BitgradError.
import { expect, it } from 'vitest';
import { createPlanBuilder } from '@bitgrad/runtime';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  const builder = createPlanBuilder();
  const x = builder.buffer('u8', [2]);
  const scale = builder.weight('f32', [2], Float32Array.of(1, 2));
  const model = builder.finish(x, builder.op({ op: 'affine', inputs: [x], weights: [scale, scale] }));
  const failures = await wrongCalls(exports, {
    cases: { exportC: { args: () => [model, { name: 'a', layout: 'plain' }], options: 1 } },
  });
  expect(failures).toEqual([]);
});
