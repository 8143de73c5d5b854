// Mistakes that train without an error message: reported as data, for the caller to show.
import type * as tfl from '@tensorflow/tfjs-layers';
import { initialClock, type Quantizer } from '@bitgrad/core';
import { quantizedKernels } from './model.js';

/** One thing that is probably not meant. */
export interface ModelWarning {
  readonly code: 'no-weight-clip';
  readonly layer: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** What {@link checkModel} found. */
export interface ModelCheck {
  readonly warnings: readonly ModelWarning[];
}

/** Points outside [-1, 1] where a surrogate that lets weights come back is not 0. */
const outside = [1.01, 1.5, 2, 3, 5, 8, 100].flatMap((x) => [x, -x]);

/** True when no gradient reaches a latent weight outside [-1, 1]: B is 0 there and x itself is compared. */
function losesWeights({ forward, surrogate, schedule }: Quantizer): boolean {
  if (forward.prepare || forward.levels.length !== 2) return false;
  const scalars = schedule.values(initialClock);
  // A surrogate that needs statistics of its input gives NaN here, and is not judged.
  return outside.every((x) => surrogate.formula(x, scalars) === 0);
}

/**
 * Looks for binary kernels without a constraint whose surrogate vanishes outside [-1, 1]: their latent weights drift
 * out and never flip again.
 */
export function checkModel(model: tfl.layers.Layer): ModelCheck {
  const warnings = quantizedKernels(model)
    .filter(({ layer, slot, quantizer }) => layer.constraintOf(slot) === null && losesWeights(quantizer))
    .map(({ layer, slot, quantizer }): ModelWarning => ({
      code: 'no-weight-clip',
      layer: layer.name,
      message:
        `The ${slot} of layer "${layer.name}" has no constraint, and the gradient of "${quantizer.name}" is 0 outside ` +
        `[-1, 1]: weights that leave it stop learning. Set ${slot}Constraint: 'weightClip'.`,
    }));
  return { warnings };
}
