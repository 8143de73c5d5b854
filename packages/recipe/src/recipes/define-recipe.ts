// A recipe of several stages, as data: which options each stage has in place of the run's. Each stage is a run of its own, with its
// own schedule and optimizer, and starts from the weights of the one before, by name.
import { defineMember, type Definition } from '@bitgrad/core';
import type { Recipe, RecipeInput } from '../recipe.js';

/** A part of a run. */
export interface Stage {
  readonly name: string;
  /** Options in place of the run's; one that is undefined has its default. */
  readonly set: Omit<RecipeInput, 'recipe' | 'epochs' | 'seed' | 'data'>;
  /** Of the epochs that no stage has for itself, in proportion to the other shares; default 1. */
  readonly share?: number;
  /** So many, in place of a share. */
  readonly epochs?: number;
}

/** What a recipe makes its stages of. */
export interface RecipeAbout {
  /** The options of the run. */
  readonly recipe: Recipe;
  /** Those that name the quantizer of the inputs, whatever that of the kernels becomes. */
  readonly inputs: Pick<RecipeInput, 'inputQuantizer' | 'inputQuantizerOptions'>;
  /** Names of the layers that have weights, from input to output. */
  readonly layers: readonly string[];
}

/** A recipe by name. */
export interface RecipeDefinition extends Definition {
  readonly kind: 'recipe';
  /** A pure function: a resumed run asks again. */
  stages(about: RecipeAbout): readonly Stage[];
}

/**
 * Declares a recipe; a plugin offers it as `recipes: { 'my-stages': myStages }`.
 * @throws BitgradError `invalid-plugin`
 */
export const defineRecipe = (definition: Omit<RecipeDefinition, 'kind'>): RecipeDefinition =>
  defineMember<RecipeDefinition>('recipe', definition, ['stages']);
