// The recipes of this package. A new one is a file here and its name below.
import { definePlugin } from '@bitgrad/core';
import { floatFirst } from './float-first.js';
import { inputToOutput } from './input-to-output.js';
import { twoStage } from './two-stage.js';

/** The plugin of this package; it is registered where it is not. */
export const recipesPlugin = definePlugin({
  name: '@bitgrad/recipe',
  version: '0.0.0',
  recipes: { 'two-stage': twoStage, 'float-first': floatFirst, 'input-to-output': inputToOutput },
});
