// The architectures of this package. A new one is a file in `architectures/` and its name here.
import { definePlugin } from '@bitgrad/core';
import { cnn } from './architectures/cnn.js';
import { lfc, mlp, tfc, type MlpOptions } from './architectures/mlp.js';
import { birealnet18, resnet20 } from './architectures/residual.js';
import { vggSmall } from './architectures/vgg-small.js';
import { vitTiny, type TransformerOptions } from './architectures/vit-tiny.js';
import type { CommonOptions, ConvolutionOptions } from './options.js';

const models = { mlp, tfc, lfc, cnn, 'vgg-small': vggSmall, resnet20, birealnet18, 'vit-tiny': vitTiny };

/** A reference model's name. */
export type ModelName = keyof typeof models;

/** The names of this package's models. */
export const modelNames = Object.keys(models) as readonly ModelName[];

/** Options of the models of this package; each has some of them. */
export type ModelOptions = CommonOptions & MlpOptions & ConvolutionOptions & TransformerOptions;

/** The plugin of this package; {@link createModel} registers it where it is not. */
export const modelsPlugin = definePlugin({ name: '@bitgrad/models', version: '0.0.0', models });
