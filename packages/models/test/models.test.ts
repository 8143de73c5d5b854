import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { use } from '@bitgrad/core';
import { formatSummary, summary } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { expect, it } from 'vitest';
import { createModel, modelNames } from '../src/index.js';
use(stePlugin);
it('x', () => {
  for (const name of modelNames) {
    const m = createModel(name, { inputShape: [28, 28, 1], classes: 10, kernelQuantizer: 'ste' });
    console.log(formatSummary(summary(m)));
  }
});
