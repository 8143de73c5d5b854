export type { MlpOptions } from './architectures/mlp.js';
export type { TransformerOptions } from './architectures/vision-transformer.js';
export { orDefault, type Builder, type ConvShape, type Node } from './builder.js';
export { createModel, commonModelOptions, listModels, type ModelInfo } from './create.js';
export { defineModel, type ModelDefinition } from './define.js';
export type { CommonOptions, ConvolutionOptions } from './options.js';
export { modelNames, modelsPlugin, type ModelName, type ModelOptions } from './plugin.js';
