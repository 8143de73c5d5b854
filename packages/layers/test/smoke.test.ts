import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { batchNorm, quantConv2d, quantDense, rprelu } from '../src/index.js';
it('trains', async () => {
  const m = tfl.sequential();
  m.add(
    quantConv2d({
      filters: 4,
      kernelSize: 3,
      kernelQuantizer: 'test-ste',
      kernelConstraint: 'weightClip',
      inputShape: [6, 6, 1],
    }),
  );
  m.add(batchNorm());
  m.add(rprelu());
  m.add(tfl.layers.flatten());
  m.add(quantDense({ units: 3, inputQuantizer: 'test-rsign', kernelQuantizer: 'test-scaled' }));
  m.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const h = await m.fit(
    tf.randomNormal([8, 6, 6, 1], 0, 1, 'float32', 1),
    tf.randomNormal([8, 3], 0, 1, 'float32', 2),
    { epochs: 3, verbose: 0 },
  );
  expect(h.history['loss']!.length).toBe(3);
});
