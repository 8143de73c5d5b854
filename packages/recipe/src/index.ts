export { adapterOf, startBackend, unavailable, type BackendSource } from './backends.js';
export type { RunProgress, TrainRunOptions } from './course.js';
export {
  dataKind,
  dataText,
  openData,
  parseAugment,
  pictureEntries,
  soundEntries,
  soundOf,
  tableEntries,
  tableOf,
  type DataOptions,
} from './data.js';
export { modelContents, modelFiles, modelOf } from './model-files.js';
export { openRun, type Files, type OpenOptions, type Run, type RunAbout, type Storage } from './open-run.js';
export {
  described,
  flagOf,
  kinds,
  optionsOf,
  optionsRule,
  optionsTable,
  same,
  type Entries,
  type Given,
  type NameKind,
  type OptionInfo,
  type OptionWords,
  type Resolved,
} from './option.js';
export { packModel, type PackedAbout, type PackOptions } from './pack.js';
export { chooseQuantizers, type ChosenQuantizers, type QuantizerOptions } from './quantizers.js';
export {
  identityOf,
  recipeEntries,
  recipeSchema,
  resolveRecipe,
  type Recipe,
  type RecipeInput,
} from './recipe.js';
export {
  defineRecipe,
  type RecipeAbout,
  type RecipeDefinition,
  type Stage,
} from './recipes/define-recipe.js';
export { recipesPlugin } from './recipes/plugin.js';
export { listRecipes, type RecipeInfo } from './recipes/registry.js';
export type { RunResult } from './result.js';
export {
  checkpointName,
  infoContents,
  infoName,
  infoOf,
  infoOfModel,
  type ModelAbout,
  type RunInfo,
} from './run-info.js';
