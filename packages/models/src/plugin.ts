// The architectures of this package. A new one is a file in `architectures/` and its name here.
import { definePlugin } from '@bitgrad/core';
import { cnn } from './architectures/cnn.js';
import { lfc, mlp, tfc, type MlpOptions } from './architectures/mlp.js';
import { birealnet18, resnet20 } from './architectures/residual.js';
import { kws } from './architectures/kws.js';
import { kws1d } from './architectures/kws-1d.js';
import { quicknet } from './architectures/quicknet.js';
import { reactnetA } from './architectures/reactnet.js';
import { resnet18 } from './architectures/resnet18.js';
import { resnet20Fda, resnet20Irnet } from './architectures/resnet20-papers.js';
import { vggSmall } from './architectures/vgg-small.js';
import { vitBinary, vitFloatAttention, type TransformerOptions } from './architectures/vision-transformer.js';
import type { CommonOptions, ConvolutionOptions } from './options.js';

const models = {
  mlp,
  tfc,
  lfc,
  cnn,
  'vgg-small': vggSmall,
  resnet20,
  'resnet20-fda': resnet20Fda,
  'resnet20-irnet': resnet20Irnet,
  resnet18,
  birealnet18,
  'reactnet-a': reactnetA,
  quicknet,
  kws,
  'kws-1d': kws1d,
  'vit-float-attention': vitFloatAttention,
  'vit-binary': vitBinary,
};

/** A reference model's name. */
export type ModelName = keyof typeof models;

/** The names of this package's models. */
export const modelNames = Object.keys(models) as readonly ModelName[];

/** Options of the models of this package; each has some of them. */
export type ModelOptions = CommonOptions & MlpOptions & ConvolutionOptions & TransformerOptions;

/** The plugin of this package; {@link createModel} registers it where it is not. */
export const modelsPlugin = definePlugin({ name: '@bitgrad/models', version: '0.0.0', models });
