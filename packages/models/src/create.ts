// Models by name: those of this package, and those of registered plugins.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  checkOptions,
  failureOf,
  option,
  registryWith,
  ruleOptions,
  type MemberOption,
  type OptionRule,
  type OptionRules,
} from '@bitgrad/core';
import { batchNorm } from '@bitgrad/layers';
import { builder } from './builder.js';
import type { ModelDefinition } from './define.js';
import { commonRules, type CommonOptions } from './options.js';
import { modelsPlugin, type ModelName, type ModelOptions } from './plugin.js';

/** A model, for listings. */
export interface ModelInfo {
  readonly name: string;
  /** One sentence: the layers and where the architecture is from. */
  readonly description: string;
  /** Options of its own; those of every model are {@link commonModelOptions}. */
  readonly takes: readonly MemberOption[];
}

/** The options of every model. */
export const commonModelOptions: readonly MemberOption[] = ruleOptions(commonRules);

const definitions = (): Readonly<Record<string, ModelDefinition>> =>
  registryWith(modelsPlugin).definitions<ModelDefinition>('model');

/** Every registered model with its description. */
export const listModels = (): readonly ModelInfo[] =>
  Object.entries(definitions()).map(([name, { description, options = {} }]) => ({
    name,
    description,
    takes: ruleOptions(options),
  }));

/** @throws BitgradError `invalid-option` that names the option; also for one that only other models have */
function checkModelOptions(name: string, options: CommonOptions, own: object): void {
  const owner = `createModel('${name}')`;
  const rules: Record<string, OptionRule> = { ...commonRules, ...own };
  for (const [key, value] of Object.entries(options ?? {})) {
    if (Object.hasOwn(rules, key)) continue;
    const others = Object.entries(definitions()).filter(([, other]) => key in (other.options ?? {}));
    if (others.length > 0 && value !== undefined)
      throw failureOf('models')('invalid-option', {
        what: `option "${key}" of ${owner}`,
        got: value,
        expected: `none: it is an option of ${others.map(([other]) => other).join(', ')}`,
      });
    if (others.length > 0) rules[key] = option.any;
  }
  checkOptions('models', owner, options, rules as OptionRules<CommonOptions>);
}

/**
 * Builds a model: input [n, h, w, c] in float, output logits [n, classes], not compiled.
 * @param name one of {@link listModels}
 * @throws BitgradError `unknown-name` for another model, `invalid-option`, `incompatible`
 */
export function createModel(name: ModelName | (string & {}), options: ModelOptions): tfl.LayersModel {
  const { options: own = {}, inputQuantizer, build } = registryWith(modelsPlugin).definition<ModelDefinition>('model', name); // prettier-ignore
  checkModelOptions(name, options, own);
  const filled = options.kernelQuantizer === null ? options : { ...options, inputQuantizer: options.inputQuantizer === undefined ? inputQuantizer : options.inputQuantizer }; // prettier-ignore
  const input = tfl.input({ shape: [...options.inputShape], name: 'input' });
  const { standardize } = options;
  const first = standardize && batchNorm({ name: 'standardize', center: false, scale: false, epsilon: 1e-12, trainable: false }); // prettier-ignore
  const x = first ? (first.apply(input) as tfl.SymbolicTensor) : input;
  const model = tfl.model({
    inputs: input,
    outputs: build(builder(filled), x),
    name: name.replaceAll('-', '_'),
  });
  if (standardize) fill(first!, standardize, options.inputShape[2]);
  return model;
}

/** Puts mean and variance of each channel into a layer that keeps them. @throws BitgradError `invalid-option` */
function fill(
  layer: tfl.layers.Layer,
  { mean, std }: NonNullable<CommonOptions['standardize']>,
  channels: number,
): void {
  if (mean.length !== channels || std.length !== channels)
    throw failureOf('models')('invalid-option', {
      what: 'option "standardize" of createModel',
      got: [mean.length, std.length],
      expected: `mean and std of ${channels} channels`,
    });
  const weights = [tf.tensor1d([...mean]), tf.tensor1d(std.map((s) => s * s))];
  layer.setWeights(weights);
  tf.dispose(weights);
}
