// Groups of weights with options of their own, as data: no decay for biases, another rate for binary kernels.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, type JsonObject } from '@bitgrad/core';
import { expectModel, quantizedKernels } from '@bitgrad/layers';
import { matchesName } from '../names.js';
import { namedWeights } from '../weights.js';
import { caseOptimizer } from './case-optimizer.js';
import type { NamedOptimizer } from './define.js';
import type { StatefulOptimizer } from './step-optimizer.js';

/** Weights that an optimizer treats otherwise. */
export interface OptimizerGroup {
  /**
   * Names of weights such as `conv1/kernel`, in which `*` stands for anything, or `binary`: every kernel of two levels. A
   * weight belongs to the first group that has it.
   */
  readonly weights: string | readonly string[];
  /** Options in place of the optimizer's, such as `weightDecay` or `learningRate`; a `name` makes it another optimizer. */
  readonly [option: string]: unknown;
}

const rules = {
  weights: option.required(
    option.of('a name of weights, or a list of them', (v) =>
      [v].flat().every((name) => typeof name === 'string' && name !== ''),
    ),
  ),
};

/** The configuration of each group. @throws BitgradError `invalid-option` */
export function groupConfigs(
  config: NamedOptimizer,
  groups: unknown,
): { readonly weights: readonly string[]; readonly config: NamedOptimizer }[] {
  if (!Array.isArray(groups) || groups.length === 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'option "groups" of the optimizer',
      got: groups,
      expected: 'a list of at least one { weights, ...options }',
    });
  return (groups as unknown[]).map((group, i) => {
    const { weights, ...own } = (group ?? {}) as JsonObject;
    checkOptions('training', `groups[${i}] of the optimizer`, { weights }, rules);
    const base = own['name'] === undefined || own['name'] === config.name ? config : {};
    return { weights: [weights].flat() as string[], config: { ...base, ...own } as NamedOptimizer };
  });
}

/** Names of the variables of a group. @throws BitgradError `incompatible` where the model has none */
function variablesOf(model: LayersModel, weights: readonly string[]): ReadonlySet<string> {
  const trained = new Set(model.trainableWeights);
  const named = namedWeights(model).filter(({ weight }) => trained.has(weight));
  const binary = new Set(
    quantizedKernels(model)
      .filter(({ quantizer }) => quantizer.forward.levels.length === 2)
      .map(({ variable }) => variable.name),
  );
  const found = named
    .map(({ name, weight }) => ({ name, variable: weight.read() as unknown as { name: string } }))
    .filter(
      ({ name, variable }) =>
      weights.some((pattern) => (pattern === 'binary' ? binary.has(variable.name) : matchesName(pattern, name))), // prettier-ignore
    );
  if (found.length > 0) return new Set(found.map(({ variable }) => variable.name));
  throw new BitgradError({
    code: 'incompatible',
    source: 'training',
    what: 'weights of a group of the optimizer: the model trains none of them',
    got: weights.join(', '),
    expected: `binary, or some of ${named.map(({ name }) => name).join(', ')}; * stands for anything`,
  });
}

/**
 * An optimizer with groups.
 * @param make makes one of a configuration without groups
 * @throws BitgradError `invalid-option`, `incompatible` for a group without weights
 */
export function groupedOptimizer(
  config: NamedOptimizer,
  groups: unknown,
  model: LayersModel,
  make: (config: NamedOptimizer) => StatefulOptimizer,
): StatefulOptimizer {
  expectModel('training', 'createOptimizer', model);
  const cases = groupConfigs(config, groups).map(({ weights, config: own }) => {
    const variables = variablesOf(model, weights);
    return { test: ({ name }: { name: string }) => variables.has(name), optimizer: make(own), weights };
  });
  return caseOptimizer(cases, make(config));
}
