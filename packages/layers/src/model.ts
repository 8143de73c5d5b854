// What concerns all quantized layers of a model at once: plain functions of the model, without a registry behind them.
import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import {
  checkValue,
  option,
  quantize,
  type Quantizer,
  type QuantizerSite,
  type TrainingClock,
} from '@bitgrad/core';
import { isProductLayer, type ProductLayer } from './product-layer.js';
import { isQuantLayer, type QuantLayer } from './quant-layer.js';
import { layersOf } from './walk.js';

type Layer = tfl.layers.Layer;
/** The quantized layers of a model, in order. */
export const quantLayersOf = (model: Layer): QuantLayer[] => layersOf(model).filter(isQuantLayer);

/** Tells every quantized layer where training stands; takes effect in the next pass. */
export function setClock(model: Layer, clock: TrainingClock): void {
  quantLayersOf(model).forEach((layer) => (layer.clock = clock));
}

/** True when a quantizer of the model reads the clock, so that training must call {@link setClock} before each step. */
export const needsClock = (model: Layer): boolean =>
  quantLayersOf(model).some((layer) => [...layer.slots.values()].some(({ quantizer }) => quantizer.capabilities.needsClock)); // prettier-ignore

/** Makes every quantized layer use the exact levels of deployment, or the scheduled forward again. */
export function setHardened(model: Layer, hardened: boolean): void {
  quantLayersOf(model).forEach((layer) => (layer.hardened = hardened));
}

const callback = option.required(option.callback);

/** Runs fn, then `restore`, also when fn throws; waits for a promise first. */
function scoped<T>(fn: () => T, restore: () => void): T {
  let pending = false;
  try {
    const result = fn();
    if (result instanceof Promise) {
      pending = true;
      return result.finally(restore) as T;
    }
    return result;
  } finally {
    if (!pending) restore();
  }
}

/**
 * Runs fn with the model hardened, then puts each layer back as it was, also when fn throws or its promise rejects.
 * @returns what fn returns
 */
export function withHardened<T>(model: Layer, fn: () => T): T {
  checkValue('layers', 'function given to withHardened', fn, callback);
  const before = quantLayersOf(model).map((layer) => [layer, layer.hardened] as const);
  setHardened(model, true);
  return scoped(fn, () => before.forEach(([layer, hardened]) => (layer.hardened = hardened)));
}

/** A latent kernel and its quantizer, for optimizers that look at both (Bop, ProxQuant) and for flip ratios. */
export interface QuantizedKernel {
  readonly layer: ProductLayer;
  /** 'kernel', 'depthwise' or 'pointwise'. */
  readonly slot: string;
  /** The latent weights. */
  readonly variable: tf.Variable;
  readonly quantizer: Quantizer;
  readonly site: QuantizerSite;
  /** F of the latent weights in the layer's present state (clock, hardened); the caller disposes it. */
  quantize(): tf.Tensor;
}

/** Every latent kernel that has a quantizer, in the order of layers; the layers must be built. */
export function quantizedKernels(model: Layer): QuantizedKernel[] {
  return quantLayersOf(model)
    .filter(isProductLayer)
    .flatMap((layer) =>
      [...layer.kernels].flatMap(([slot, weight]) => {
        const use = layer.slots.get(slot);
        if (!use) return [];
        const { quantizer } = use;
        const variable = weight.read() as tf.Variable;
        const { site } = layer.quantizeOptions(slot);
        return [
          {
            layer,
            slot,
            variable,
            quantizer,
            site,
            quantize: () => quantize(quantizer, variable, layer.quantizeOptions(slot)),
          },
        ];
      }),
    );
}

/**
 * Runs fn while every latent kernel holds its hardened, quantized values (`getWeights`, `save` and `predict` see them),
 * then puts the latent weights back, also when fn throws or its promise rejects. Not for training.
 * @returns what fn returns
 */
export function withQuantizedWeights<T>(model: Layer, fn: () => T): T {
  checkValue('layers', 'function given to withQuantizedWeights', fn, callback);
  const kernels = quantizedKernels(model);
  const latent = kernels.map(({ variable }) => variable.clone());
  const set = (flag: boolean) => kernels.forEach(({ layer }) => (layer.kernelsAreQuantized = flag));
  for (const { layer, slot, variable, quantizer } of kernels) {
    const value = quantize(quantizer, variable, { ...layer.quantizeOptions(slot), hard: true });
    variable.assign(value);
    value.dispose();
  }
  set(true);
  return scoped(fn, () => {
    set(false);
    kernels.forEach(({ variable }, i) => {
      variable.assign(latent[i]!);
      latent[i]!.dispose();
    });
  });
}

/**
 * Applies every weight's constraint (weightClip, maxNorm, ...) to the weight itself. tfjs-layers stores constraints but
 * its `fit` never applies them: call this after each optimizer step, for `fit` in `onBatchEnd`.
 */
export function applyConstraints(model: Layer): void {
  for (const layer of layersOf(model))
    for (const weight of layer.weights) {
      const { constraint } = weight as unknown as { constraint?: { apply(w: tf.Tensor): tf.Tensor } };
      if (!constraint) continue;
      const value = weight.read() as tf.Variable;
      const projected = constraint.apply(value);
      value.assign(projected);
      projected.dispose();
    }
}
