// Freeze the network from its input to its output, the order that StoMPP (arXiv 2601.22660) finds decisive. Its stochastic masks,
// which replace clipped values by signs one after another, are not here: all layers are binary from the start, and those that are
// frozen keep weights and averages.
import { defineRecipe } from './define-recipe.js';

export const inputToOutput = defineRecipe({
  description: 'freezes more and more layers from input to output, a quarter of them after each quarter of the epochs', // prettier-ignore
  stages({ recipe, layers }) {
    const count = Math.min(4, recipe.epochs, layers.length);
    return Array.from({ length: count }, (_, i) => {
      const frozen = layers.slice(0, Math.floor((layers.length * i) / count));
      const freeze = [recipe.freeze, ...frozen].filter(Boolean).join(',');
      return i === 0 ? { name: 'all layers', set: {} } : { name: `from ${layers[frozen.length]}`, set: { freeze } }; // prettier-ignore
    });
  },
});
