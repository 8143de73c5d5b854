// The options that layers take, checked when a layer is made: tfjs-layers itself ignores what it does not know, and a
// layer whose `kernel_quantizer` is ignored is a float layer.
import { checkOptions, option, type OptionRule, type OptionRules } from '@bitgrad/core';
import type { LayerArgs } from './keras.js';

/** A rule for each option of a layer beside those of any tfjs layer. */
export type LayerRules<T> = {
  readonly [K in Exclude<keyof T, keyof LayerArgs>]-?: OptionRule;
};

/** What any tfjs layer takes; tfjs checks the values. */
const commonRules: Readonly<Record<keyof LayerArgs | 'updatable', OptionRule>> = {
  name: option.any,
  trainable: option.boolean,
  inputShape: option.any,
  batchInputShape: option.any,
  batchSize: option.any,
  dtype: option.any,
  weights: option.any,
  updatable: option.boolean,
  inputDType: option.any,
};

/** Rules of a quantized layer. */
export const quantRules = {
  inputQuantizer: option.any,
  seed: option.either(option.integer(), option.oneOf(null)),
};

/** Rules of a layer with kernels, beside those of each kernel. */
export const productRules = {
  ...quantRules,
  useBias: option.boolean,
  activation: option.any,
  biasInitializer: option.any,
  biasRegularizer: option.any,
  biasConstraint: option.any,
};

/** Rules of a kernel; the values are resolved, and checked, one by one. */
export const kernelRules = {
  kernelQuantizer: option.any,
  kernelInitializer: option.any,
  kernelRegularizer: option.any,
  kernelConstraint: option.any,
};

/** Rules of a convolution; see `convOptions` for the values. */
export const convRules = {
  ...productRules,
  kernelSize: option.any,
  strides: option.any,
  padding: option.any,
  dilationRate: option.any,
  padValues: option.any,
  dataFormat: option.any,
};

/**
 * Checks the options of an object that is made by hand or by tfjs from a saved configuration.
 * @returns the options; an empty object for undefined
 * @throws BitgradError `invalid-option` that names the option, and the one that was probably meant
 */
export function savedOptions<T extends object>(owner: string, args: T | undefined, rules: OptionRules<T>): T {
  if (typeof args !== 'object' || args === null) return checkOptions('layers', owner, args, rules);
  // tfjs adds it to the configuration of everything that it rebuilds.
  const { customObjects: _added, ...own } = args as T & { customObjects?: unknown };
  return checkOptions('layers', owner, own as T, rules);
}

/** As {@link savedOptions}, with the options that any tfjs layer has. */
export const layerOptions = <T extends object>(owner: string, args: T | undefined, rules: LayerRules<T>): T =>
  savedOptions(owner, args, { ...commonRules, ...rules } as never);
