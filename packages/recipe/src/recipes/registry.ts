// Recipes by name, and how long their stages are.
import { BitgradError, registryWith } from '@bitgrad/core';
import type { RecipeDefinition, Stage } from './define-recipe.js';
import { recipesPlugin } from './plugin.js';

/** A recipe, for listings. */
export interface RecipeInfo {
  readonly name: string;
  readonly description: string;
}

/** Every registered recipe with its description. */
export const listRecipes = (): readonly RecipeInfo[] =>
  Object.entries(registryWith(recipesPlugin).definitions<RecipeDefinition>('recipe')).map(
    ([name, { description }]) => ({ name, description }),
  );

/** @throws BitgradError `unknown-name` */
export const recipeNamed = (name: string): RecipeDefinition =>
  registryWith(recipesPlugin).definition<RecipeDefinition>('recipe', name);

/**
 * The epochs of each stage: those that stages have for themselves, and the rest in proportion to the shares.
 * @throws BitgradError `invalid-option` where a stage would have none
 */
export function stageEpochs(name: string, stages: readonly Stage[], epochs: number): number[] {
  const own = stages.reduce((sum, stage) => sum + (stage.epochs ?? 0), 0);
  const shares = stages.map((stage) => (stage.epochs === undefined ? (stage.share ?? 1) : 0));
  const total = shares.reduce((a, b) => a + b, 0);
  let [sum, given] = [0, 0];
  const lengths = stages.map((stage, i) => {
    if (stage.epochs !== undefined) return stage.epochs;
    sum += shares[i]!;
    const end = Math.round(((epochs - own) * sum) / total);
    const length = end - given;
    given = end;
    return length;
  });
  if (lengths.every((length) => Number.isSafeInteger(length) && length >= 1)) return lengths;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'recipe',
    what: `--epochs for the ${stages.length} stages of recipe ${name}`,
    got: epochs,
    expected: 'at least one epoch for each',
    next: 'Train for more epochs.',
  });
}
