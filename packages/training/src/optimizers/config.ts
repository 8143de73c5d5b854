// Optimizers from plain JSON, for command lines, checkpoints and pages.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { quantizedKernels } from '@bitgrad/layers';
import { adam, type AdamOptions } from './adam.js';
import { bop, type BopOptions } from './bop.js';
import { caseOptimizer } from './caseOptimizer.js';
import { sgd, type SgdOptions } from './sgd.js';
import type { StatefulOptimizer } from './stepOptimizer.js';

/** An optimizer as data. `bop` takes the kernels with levels -1 and +1; `rest` (default Adam) takes the others. */
export type OptimizerConfig =
  | ({ readonly name: 'adam' } & AdamOptions)
  | ({ readonly name: 'sgd' } & SgdOptions)
  | ({ readonly name: 'bop'; readonly rest?: OptimizerConfig } & BopOptions);

/** The names that {@link createOptimizer} knows. */
export const optimizerNames = ['adam', 'sgd', 'bop'] as const;

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
 * @throws BitgradError `unknown-name` for another name, `incompatible` for Bop on a model without binary kernels
 */
export function createOptimizer(config: OptimizerConfig, model: LayersModel): StatefulOptimizer {
  if (config.name === 'adam') return adam(config);
  if (config.name === 'sgd') return sgd(config);
  if (config.name !== 'bop')
    throw new BitgradError({
      code: 'unknown-name',
      source: 'training',
      what: 'optimizer',
      got: (config as { name: unknown }).name,
      expected: `one of ${optimizerNames.join(', ')}`,
    });
  const kernels = binaryKernelNames(model);
  if (kernels.size === 0)
    throw new BitgradError({
      code: 'incompatible',
      source: 'training',
      what: 'optimizer bop on a model without binary kernels',
      expected: 'kernel quantizers with levels -1 and +1 whose forward is a plain sign',
      next: 'Use adam or sgd, or another kernel quantizer.',
    });
  const { rest = { name: 'adam' }, ...options } = config;
  return caseOptimizer(
    [{ test: ({ name }) => kernels.has(name), optimizer: bop(options) }],
    createOptimizer(rest, model),
  );
}
