// Two steps, as Real-to-Binary (arXiv 2003.11535) and ReActNet (arXiv 2003.03488) train: binary inputs of layers with float kernels
// first, then both binary, from the weights of the first step. There both steps have the same length, and the second has no weight
// decay, which would pull latent kernels to where their signs flip.
import { defineRecipe } from './define-recipe.js';

export const twoStage = defineRecipe({
  description:
    'binary inputs with float kernels first, then both binary and without weight decay, half of the epochs each (arXiv 2003.11535, 2003.03488)',
  stages: ({ recipe: { weightDecay }, inputs }) => [
    { name: 'inputs', set: { quantizer: 'none', quantizerOptions: undefined, ...inputs } },
    { name: 'kernels', set: weightDecay === undefined ? {} : { weightDecay: 0 } },
  ],
});
