// Optimizers from plain JSON, for command lines, checkpoints and pages.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { expectModel, quantizedKernels } from '@bitgrad/layers';
import { adam, type AdamOptions } from './adam.js';
import { bop, type BopOptions } from './bop.js';
import { caseOptimizer } from './case-optimizer.js';
import { defaultRates } from './rates.js';
import { sgd, type SgdOptions } from './sgd.js';
import type { StatefulOptimizer } from './step-optimizer.js';

/** An optimizer as data. `bop` takes the kernels with levels -1 and +1; `rest` (default Adam) takes the others. */
export type OptimizerConfig =
  | ({ readonly name: 'adam' } & AdamOptions)
  | ({ readonly name: 'sgd' } & SgdOptions)
  | ({ readonly name: 'bop'; readonly rest?: OptimizerConfig } & BopOptions);

/** The names that {@link createOptimizer} knows. */
export const optimizerNames = ['adam', 'sgd', 'bop'] as const;

/** The base learning rate of an optimizer when none is given beside it; of Bop that of the other weights' optimizer. */
export function baseRateOf(config: OptimizerConfig): number {
  const known = expectConfig(config);
  if (known.name === 'bop') return baseRateOf(known.rest ?? { name: 'adam' });
  return known.learningRate ?? defaultRates[known.name];
}

/**
 * The kernels of a model that Bop can train: quantized to -1 and +1 by the plain sign of the weight
 * (a scale may follow).
 * @returns names of tf variables
 */
export function binaryKernelNames(model: LayersModel): ReadonlySet<string> {
  return new Set(
    quantizedKernels(model)
      .filter(({ quantizer: { forward } }) => forward.alphabet === 'pm1' && !forward.soft && !forward.prepare)
      .map(({ variable }) => variable.name),
  );
}

/**
 * Makes an optimizer for a model.
 * @throws BitgradError `unknown-name` for another name, `invalid-option` for options that it does not have, `incompatible`
 *   for Bop on a model without binary kernels
 */
export function createOptimizer(config: OptimizerConfig, model: LayersModel): StatefulOptimizer {
  const { name, ...options } = expectConfig(config);
  if (name === 'adam') return adam(options as AdamOptions);
  if (name === 'sgd') return sgd(options as SgdOptions);
  expectModel('training', 'createOptimizer', model);
  const kernels = binaryKernelNames(model);
  if (kernels.size === 0)
    throw new BitgradError({
      code: 'incompatible',
      source: 'training',
      what: 'optimizer bop on a model without binary kernels',
      expected: 'kernel quantizers with levels -1 and +1 whose forward is a plain sign',
      next: 'Use adam or sgd, or another kernel quantizer.',
    });
  const { rest = { name: 'adam' }, ...ofBop } = options as Omit<OptimizerConfig & { name: 'bop' }, 'name'>;
  if ('learningRate' in ofBop)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'option "learningRate" of bop, which has none',
      got: ofBop.learningRate,
      next: 'Give it to the optimizer of the other weights: { name: "bop", rest: { name: "adam", learningRate } }.',
    });
  return caseOptimizer(
    [{ test: ({ name: variable }) => kernels.has(variable), optimizer: bop(ofBop) }],
    createOptimizer(rest, model),
  );
}

function expectConfig(config: unknown): OptimizerConfig {
  const { name } = (config ?? {}) as { name?: unknown };
  if (typeof name === 'string' && (optimizerNames as readonly string[]).includes(name))
    return config as OptimizerConfig;
  throw new BitgradError({
    code: typeof name === 'string' ? 'unknown-name' : 'invalid-option',
    source: 'training',
    what: 'optimizer',
    got: name ?? config ?? 'nothing',
    expected: `one of ${optimizerNames.join(', ')}`,
    next: `As { name: "adam" }, with its options, or an optimizer that adam(), sgd(), bop() or caseOptimizer() made.`,
  });
}
