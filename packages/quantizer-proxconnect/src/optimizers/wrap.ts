// An optimizer with something done before or after its step. A proxy, so that everything else of the optimizer (learning
// rate, weights, configuration) stays what it was, whatever class it is.
import { checkOptions, option } from '@bitgrad/core';
import type { NamedTensorMap, Optimizer, Tensor } from '@tensorflow/tfjs-core';

/** What happens around a step. */
export interface AroundStep {
  before?(): void;
  after?(): void;
}

/** The gradients that `applyGradients` takes. */
export type Gradients = NamedTensorMap | { name: string; tensor: Tensor }[];

/**
 * The optimizer with hooks around `applyGradients`; `minimize` goes through them too. The inner one is not changed.
 * @throws BitgradError `invalid-option` for other hooks
 */
export function aroundStep(inner: Optimizer, around: AroundStep): Optimizer {
  const { before, after } = checkOptions('quantizer-proxconnect', 'aroundStep', around, {
    before: option.callback,
    after: option.callback,
  });
  const applyGradients = (gradients: Gradients): void => {
    before?.();
    inner.applyGradients(gradients as NamedTensorMap);
    after?.();
  };
  return new Proxy(inner, {
    get(target, key) {
      if (key === 'applyGradients') return applyGradients;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // minimize calls applyGradients on `this`: the proxy's.
      return key === 'minimize' ? value : (value as (...args: unknown[]) => unknown).bind(target);
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}
