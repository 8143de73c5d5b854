// Start from the same network in float: in one run what --init-from does with two.
import { defineRecipe } from './define-recipe.js';

const float = { quantizer: 'none', quantizerOptions: undefined, inputQuantizer: undefined, inputQuantizerOptions: undefined }; // prettier-ignore

export const floatFirst = defineRecipe({
  description: 'the network in float first, then binary from its weights, half of the epochs each',
  stages: () => [
    { name: 'float', set: float },
    { name: 'binary', set: {} },
  ],
});
