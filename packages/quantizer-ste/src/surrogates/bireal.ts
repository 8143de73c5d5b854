// Bi-Real Net's two gradients: the clipped identity for weights, ApproxSign's derivative for activations.
import * as tf from '@tensorflow/tfjs-core';
import { defineSurrogate, E, type SurrogateGradient } from '@bitgrad/core';
import { none, resolve, type NoOptions } from '../options.js';
import { approxSignSurrogate } from './approx-sign.js';
import { clippedIdentitySurrogate } from './clipped-identity.js';

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    bireal: NoOptions;
  }
}

/**
 * Kernels: B(w) = 1 for |w| <= 1, else 0; inputs: B(x) = max(0, 2 - 2|x|). By role: the statistic `input` is 1 for inputs
 * (the default in `formula`) and 0 for kernels.
 * @throws BitgradError `invalid-option` for any option
 * @see Liu et al., Bi-Real Net, arXiv 1808.00278, sections 3.2 and 3.3
 */
export function birealSurrogate(options?: NoOptions): SurrogateGradient {
  const [weights, activations] = [clippedIdentitySurrogate(), approxSignSurrogate()];
  return defineSurrogate({
    name: 'bireal',
    options: resolve('surrogate "bireal"', none, options),
    formula: (x, scalars) => ((scalars.input ?? 1) === 0 ? weights : activations).formula(x, scalars),
    expression: (scalars) =>
      E.select(E.input('input'), activations.expression!(scalars), weights.expression!(scalars)),
    statistics: (_x, { site }) => ({ input: tf.scalar(site.role === 'input' ? 1 : 0) }),
    breakpoints: () => [-1, 0, 1],
  });
}
