// The published kit. Kernels of many harmonics are held to 1e-6 of their peak, which is where float32 can hold them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { testQuantizer } from '@bitgrad/testkit';
import { fda, fdaPlusPlus, peakDerivative, weightings } from '../src/index.js';

const module = { k: 64, c: 0.1, alpha: 0.1, until: 1, gradientOnly: true, scaled: true, trained: true };

testQuantizer({
  create: fda,
  options: [
    { noise: true },
    { noise: { ...module, gradientOnly: false, trained: true }, by: 'epoch' },
    { noise: { ...module, scaled: false } },
    { noise: { ...module, trained: false } },
    { start: 0, end: 4, growth: 'step' },
    { scale: 'layer' },
    { scale: 'channel', scaledGradient: false },
  ],
  invalid: [
    { omega: 0 },
    { clip: 40 },
    { start: -1 },
    { growth: 'fast' },
    { noise: 1 },
    { noise: { k: 0 } },
    { noise: { gradientOnly: false, scaled: false } },
    { by: 'batch' },
    { unit: 'std' },
    { scale: 'row' },
    { omgea: 1 },
  ],
  expected: { certificate: false, levels: [-1, 1] },
});

testQuantizer({
  create: (options?: object) => fda({ omega: 1, clip: null, start: 0, end: 40, ...options }),
  tolerance: 1e-6 * peakDerivative(40, 1),
});

testQuantizer({
  create: (options?: object) => fda({ unit: 'mean', omega: 0.5, ...options }),
  tolerance: 1e-6 * peakDerivative(18, 0.5),
});

testQuantizer({
  create: fdaPlusPlus,
  options: weightings.map((weighting) => ({ weighting, reach: 30, end: 20 })),
  invalid: [{ weighting: 'hann' }, { reach: 0 }, { reach: 9 }, { end: 11 }, { hardenFrom: 0.5 }, { box: 1 }],
  tolerance: 1e-5,
  expected: { certificate: true, levels: [-1, 1] },
});

testQuantizer({
  create: (options?: object) => fdaPlusPlus({ box: false, ...options }),
  options: weightings.map((weighting) => ({ weighting, reach: 1.5 })),
  invalid: [{ weighting: 'hann' }, { reach: 0 }, { hardenUntil: 0.3 }],
  tolerance: 1e-6 * peakDerivative(32, Math.PI / 3),
  expected: { certificate: true, levels: [-1, 1] },
});
