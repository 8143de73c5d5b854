// Quantizers that change where the gradient is applied (ProxQuant, reverse ProxConnect) wrap the optimizer.
import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { quantizerConfig, type TrainingClock } from '@bitgrad/core';
import { quantizedKernels } from '@bitgrad/layers';

/**
 * The optimizer as the model's kernel quantizers want it. Each distinct quantizer with `wrapOptimizer` wraps what the
 * quantizers before it made, in the order of the model's layers: the first is the innermost. A wrapper acts only on the
 * latent kernels of its own quantizer and passes every gradient on, so wrappers of different quantizers do not see each
 * other. Saved states hold the state of the optimizer inside; a wrapper has none of its own.
 * @param clock gives the clock of the step that runs
 */
export function wrapForQuantizers(
  model: LayersModel,
  optimizer: Optimizer,
  clock: () => TrainingClock,
): Optimizer {
  // Each layer makes its own quantizer object; equal configurations are the same quantizer.
  const groups = new Map<string, ReturnType<typeof quantizedKernels>[number][]>();
  for (const kernel of quantizedKernels(model)) {
    if (!kernel.quantizer.wrapOptimizer) continue;
    const key = JSON.stringify(quantizerConfig(kernel.quantizer));
    groups.set(key, [...(groups.get(key) ?? []), kernel]);
  }
  let wrapped = optimizer;
  for (const kernels of groups.values()) {
    const { quantizer } = kernels[0]!;
    const byName = new Map(kernels.map((kernel) => [kernel.variable.name, kernel]));
    wrapped = quantizer.wrapOptimizer!(wrapped, {
      variables: kernels.map(({ variable }) => variable),
      quantize: (variable) => byName.get(variable.name)!.quantize(),
      clock,
    });
  }
  return wrapped;
}
