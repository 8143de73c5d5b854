// A plugin: named factories of quantizers, surrogates and forwards, and definitions of models, data sets, optimizers,
// importers and recipes.
// Importing a plugin has no side effect.
import type { Definition } from './definition.js';
import type { ForwardQuantizer } from './forward.js';
import type { Quantizer } from './quantizer.js';
import type { SurrogateGradient } from './surrogate.js';

/** Options of quantizers by name. Plugins extend it by declaration merging, so that names and options are typed. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- extended by plugins
export interface QuantizerOptionsMap {}
/** Options of surrogates by name, extended by plugins. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- extended by plugins
export interface SurrogateOptionsMap {}
/** Options of forwards by name, extended by plugins. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- extended by plugins
export interface ForwardOptionsMap {}

/** Makes one member from its options; validates them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each factory has its own option type
export type Factory<T> = (options?: any) => T;

/** A set of members that one package offers. */
export interface Plugin {
  /** npm package name. */
  readonly name: string;
  readonly version: string;
  readonly quantizers: Readonly<Record<string, Factory<Quantizer>>>;
  readonly surrogates: Readonly<Record<string, Factory<SurrogateGradient>>>;
  readonly forwards: Readonly<Record<string, Factory<ForwardQuantizer>>>;
  /** Made by `defineModel` of @bitgrad/models. */
  readonly models: Readonly<Record<string, Definition>>;
  /** Made by `defineDataset` of @bitgrad/datasets. */
  readonly datasets: Readonly<Record<string, Definition>>;
  /** Made by `defineOptimizer` of @bitgrad/training. */
  readonly optimizers: Readonly<Record<string, Definition>>;
  /** Made by `defineImporter` of @bitgrad/importer. */
  readonly importers: Readonly<Record<string, Definition>>;
  /** Made by `defineRecipe` of @bitgrad/recipe. */
  readonly recipes: Readonly<Record<string, Definition>>;
}
