// What a plugin offers that other packages build from: an architecture, a data set, an optimizer, a recipe. Core knows its kind and
// its words; the package that builds from it says what else it has, and types it.

/** A kind of {@link Definition}. */
export type DefinitionKind = 'model' | 'dataset' | 'optimizer' | 'importer' | 'recipe';

/** A named part of a run. */
export interface Definition {
  readonly kind: DefinitionKind;
  /** One sentence, for listings. */
  readonly description: string;
}
