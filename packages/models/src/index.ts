export { createModel, listModels, modelNames, type ModelInfo, type ModelName } from './create.js';
export type { ModelOptions } from './options.js';
