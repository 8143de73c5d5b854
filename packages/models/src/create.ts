// The reference models by name.
import * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError, nearestName } from '@bitgrad/core';
import { cnn, mlp, residual, vggSmall } from './architectures.js';
import { builder, checkModelOptions, type Builder, type ModelOptions, type Node } from './options.js';
import { visionTransformer } from './transformer.js';

/** A reference model, for listings. */
export interface ModelInfo {
  readonly name: ModelName;
  /** One sentence: the layers and where the architecture is from. */
  readonly description: string;
}

interface Entry {
  description: string;
  make(b: Builder, input: Node): Node;
}

const isLarge = ({ options: { inputShape } }: Builder): boolean =>
  Math.min(inputShape[0], inputShape[1]) >= 64;

const models = {
  mlp: {
    description: 'binary MLP with the units of option "hidden" (default 64-64-64) and a 1-bit input',
    make: (b, x) => mlp(b, x, b.options.hidden ?? [64, 64, 64]),
  },
  tfc: {
    description: 'binary MLP 64-64-64 with a 1-bit input: FINN\'s "TFC" (arXiv 1612.07119)',
    make: (b, x) => mlp(b, x, [64, 64, 64]),
  },
  lfc: {
    description: 'binary MLP 1024-1024-1024 with a 1-bit input: FINN\'s "LFC" (arXiv 1612.07119)',
    make: (b, x) => mlp(b, x, [1024, 1024, 1024]),
  },
  cnn: {
    description: 'binary 3x3 convolutions 32-64-64, max pooling, a binary dense layer; for small images',
    make: cnn,
  },
  'vgg-small': {
    description: 'VGG-small 128-128-256-256-512-512, float first and last layer; the usual CIFAR-10 net',
    make: vggSmall,
  },
  resnet20: {
    description: 'ResNet-20 for CIFAR (16-32-64) with a real-valued shortcut around every binary convolution',
    make: (b, x) => residual(b, x, { channels: [16, 32, 64], convolutions: 6, largeStem: false }),
  },
  birealnet18: {
    description:
      'Bi-Real Net 18 (arXiv 1808.00278), 64-128-256-512; the ImageNet stem for inputs of 64 pixels and more',
    make: (b, x) => residual(b, x, { channels: [64, 128, 256, 512], convolutions: 4, largeStem: isLarge(b) }),
  },
  'vit-tiny': {
    description:
      'vision transformer (arXiv 2010.11929) of 4 blocks, width 64: binary projections and MLPs, float patches and logits',
    make: visionTransformer,
  },
} satisfies Record<string, Entry>;

/** A reference model's name. */
export type ModelName = keyof typeof models;

/** The names that {@link createModel} takes. */
export const modelNames = Object.keys(models) as readonly ModelName[];

/** Every reference model with its description. */
export const listModels = (): readonly ModelInfo[] =>
  modelNames.map((name) => ({ name, description: models[name].description }));

/**
 * Builds a reference model: input [n, h, w, c] in float, output logits [n, classes], not compiled.
 * @throws BitgradError `unknown-name` for another model, `invalid-option`, `incompatible`
 */
export function createModel(name: ModelName | (string & {}), options: ModelOptions): tfl.LayersModel {
  const entry: Entry | undefined = Object.hasOwn(models, name) ? models[name as ModelName] : undefined;
  if (!entry) {
    const meant = typeof name === 'string' ? nearestName(name, modelNames) : undefined;
    throw new BitgradError({
      code: 'unknown-name',
      source: 'models',
      what: 'model',
      got: name === undefined ? 'nothing' : name,
      expected: `one of ${modelNames.join(', ')}`,
      next: meant && `Did you mean "${meant}"?`,
    });
  }
  checkModelOptions(name, options);
  const input = tfl.input({ shape: [...options.inputShape], name: 'input' });
  return tfl.model({
    inputs: input,
    outputs: entry.make(builder(options), input),
    name: name.replaceAll('-', '_'),
  });
}
