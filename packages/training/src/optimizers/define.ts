// What an optimizer is that is named: how it is made for a model, and the rate that it starts from.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { defineMember, type Definition, type OptionRule } from '@bitgrad/core';
import type { StatefulOptimizer } from './step-optimizer.js';

/** An optimizer as data: its name and its options. */
export interface NamedOptimizer {
  readonly name: string;
  readonly [option: string]: unknown;
}

/** An optimizer by name, with options `O`. */
export interface OptimizerDefinition<O extends object = object> extends Definition {
  readonly kind: 'optimizer';
  /** The rules of its options, for listings; `create` checks them. */
  readonly options?: { readonly [K in keyof Required<O>]: OptionRule };
  /**
   * Makes it, and checks its options.
   * @param make makes another one, of which this one is put together
   * @throws BitgradError `invalid-option`, `incompatible` for a model that it cannot train
   */
  create(
    options: O,
    model: LayersModel,
    make: (config: NamedOptimizer) => StatefulOptimizer,
  ): StatefulOptimizer;
  /**
   * Checks the options, without a model, and tells the base learning rate where none is given beside it.
   * @param of that of another one inside
   * @throws BitgradError `invalid-option`
   */
  baseRate(options: O, of: (config: NamedOptimizer) => number): number;
}

/**
 * Declares an optimizer; a plugin offers it as `optimizers: { 'my-sgd': mySgd }`.
 * @throws BitgradError `invalid-plugin`
 */
export const defineOptimizer = <O extends object = object>(
  definition: Omit<OptimizerDefinition<O>, 'kind'>,
): OptimizerDefinition<O> =>
  defineMember<OptimizerDefinition<O>>('optimizer', definition, ['create', 'baseRate'], ['options']);
