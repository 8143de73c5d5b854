// The published kit, what is the paper's, and a compiled network.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { quantize } from '@bitgrad/core';
import { testQuantizer } from '@bitgrad/testkit';
import { expect, it } from 'vitest';
import { biper } from '../src/index.js';

testQuantizer({
  create: biper,
  options: [{ frequency: 7.5 }],
  invalid: [{ frequency: 0 }, { frequency: 100 }, { stage: 'first' }, { omega: 20 }],
  // The angle is rounded to float32 before its cosine is taken.
  tolerance: 1e-4,
  expected: { certificate: false, levels: [-1, 1] },
});

testQuantizer({
  create: (options?: object) => biper({ stage: 'sine', ...options }),
  tolerance: 1e-4,
  expected: { certificate: true, levels: [-1, 1] },
});

it('is a wave over kernels and a sign over inputs', () => {
  const w = tf.tensor1d([0.05, 0.1, 0.2, 0.35, -0.05, -0.2]);
  const run = (x: tf.Tensor, role: 'kernel' | 'input') =>
    quantize(biper(), x, { site: { role, shape: [6], channelAxes: [-1] } });
  // sin(20 w): half a period is 0.157.
  expect([...run(w, 'kernel').dataSync()]).toEqual([1, 1, -1, 1, -1, 1]);
  expect([...run(w, 'input').dataSync()]).toEqual([1, 1, 1, 1, -1, -1]);
  const gradient = tf
    .grad((x) => tf.sum(run(x, 'kernel')))(w)
    .dataSync();
  w.dataSync().forEach((x, i) => expect(gradient[i]).toBeCloseTo(20 * Math.cos(20 * x), 3));
});
