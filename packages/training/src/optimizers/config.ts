// Optimizers from plain JSON, for command lines, checkpoints and pages: those of this package by name, and those of
// registered plugins. A new one is a file and its name here.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, definePlugin, registryWith, ruleOptions, type MemberOption } from '@bitgrad/core';
import { adamDefinition, type AdamOptions } from './adam.js';
import { adamwDefinition, type AdamWOptions } from './adamw.js';
import { bopDefinition, type NamedBopOptions } from './bop.js';
import type { NamedOptimizer, OptimizerDefinition } from './define.js';
import { groupConfigs, groupedOptimizer, type OptimizerGroup } from './groups.js';
import { sgdDefinition, type SgdOptions } from './sgd.js';
import type { StatefulOptimizer } from './step-optimizer.js';

/** An optimizer as data; of this package, or of a registered plugin. */
export type OptimizerConfig = (
  | ({ readonly name: 'adam' } & AdamOptions)
  | ({ readonly name: 'adamw' } & AdamWOptions)
  | ({ readonly name: 'sgd' } & SgdOptions)
  | ({ readonly name: 'bop' } & NamedBopOptions)
  | NamedOptimizer
) & {
  /** Weights with options of their own; each starts from the optimizer's. */
  readonly groups?: readonly OptimizerGroup[];
};

const optimizers = { adam: adamDefinition, adamw: adamwDefinition, sgd: sgdDefinition, bop: bopDefinition };

/** The plugin of this package; {@link createOptimizer} registers it where it is not. */
export const trainingPlugin = definePlugin({ name: '@bitgrad/training', version: '0.0.0', optimizers });

/** An optimizer, for listings. */
export interface OptimizerInfo {
  readonly name: string;
  readonly description: string;
  /** Its options, with what they do and their defaults. */
  readonly takes: readonly MemberOption[];
}

const definitions = (): Readonly<Record<string, OptimizerDefinition>> =>
  registryWith(trainingPlugin).definitions<OptimizerDefinition>('optimizer');

/** Every registered optimizer with its description. */
export const listOptimizers = (): readonly OptimizerInfo[] =>
  Object.entries(definitions()).map(([name, { description, options = {} }]) => ({
    name,
    description,
    takes: ruleOptions(options),
  }));

/**
 * The base learning rate of an optimizer when none is given beside it; of Bop that of the other weights' optimizer.
 * @throws BitgradError `unknown-name` for another name, `invalid-option` for options that it does not have
 */
export function baseRateOf(config: OptimizerConfig): number {
  const { definition, options, groups } = find(config);
  if (groups !== undefined)
    groupConfigs({ ...options, name: config.name }, groups).forEach((group) => baseRateOf(group.config));
  return definition.baseRate(options, baseRateOf);
}

/**
 * Makes an optimizer for a model.
 * @throws BitgradError `unknown-name` for another name, `invalid-option` for options that it does not have, `incompatible`
 *   for Bop on a model without binary kernels
 */
export function createOptimizer(config: OptimizerConfig, model: LayersModel): StatefulOptimizer {
  const { definition, options, groups } = find(config);
  if (groups !== undefined)
    return groupedOptimizer({ ...options, name: config.name }, groups, model, (one) =>
      createOptimizer(one, model),
    );
  return definition.create(options, model, (other) => createOptimizer(other, model));
}

function find(config: unknown): { definition: OptimizerDefinition; options: object; groups?: unknown } {
  const { name, groups, ...options } = (config ?? {}) as { name?: unknown; groups?: unknown };
  const known = definitions();
  if (typeof name === 'string' && Object.hasOwn(known, name))
    return { definition: known[name]!, options, groups };
  throw new BitgradError({
    code: typeof name === 'string' ? 'unknown-name' : 'invalid-option',
    source: 'training',
    what: 'optimizer',
    got: name ?? config ?? 'nothing',
    expected: `one of ${Object.keys(known).join(', ')}`,
    next: `As { name: "adam" }, with its options, or an optimizer that adam(), sgd(), bop() or caseOptimizer() made.`,
  });
}
