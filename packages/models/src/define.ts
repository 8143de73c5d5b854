// What an architecture is: the rules of its own options, and how its layers are put together.
import { defineMember, type Definition, type OptionRules, type QuantizerSpec } from '@bitgrad/core';
import type { Builder, Node } from './builder.js';

/** An architecture by name, with options `O` of its own beside those of every one. */
export interface ModelDefinition<O extends object = object> extends Definition {
  readonly kind: 'model';
  readonly options?: OptionRules<O>;
  /** Quantizer of the activations where kernels are quantized and the options name none; default: the kernels'. */
  readonly inputQuantizer?: QuantizerSpec;
  /**
   * Adds the layers to the graph.
   * @param b its options are checked already; its layers carry the quantizers and the seed
   * @param input float [n, height, width, channels]
   * @returns logits [n, classes]
   */
  build(b: Builder<O>, input: Node): Node;
}

/**
 * Declares an architecture; a plugin offers it as `models: { 'my-net': myNet }`.
 * @throws BitgradError `invalid-plugin`
 */
export const defineModel = <O extends object = object>(
  definition: Omit<ModelDefinition<O>, 'kind'>,
): ModelDefinition<O> =>
  defineMember<ModelDefinition<O>>('model', definition, ['build'], ['options', 'inputQuantizer']);
