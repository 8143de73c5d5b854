// Fully connected networks.
import * as tfl from '@tensorflow/tfjs-layers';
import { explained, option } from '@bitgrad/core';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';

/** Options of `mlp`. */
export interface MlpOptions {
  /** Units of the hidden layers; default [64, 64, 64]. */
  hidden?: readonly number[];
}

/** Binary MLP: sign(x), then dense + BatchNorm (+ sign) layers, the last one binary too. */
function build(b: Builder, input: Node, hidden: readonly number[]): Node {
  let x = b.apply(tfl.layers.flatten({ name: 'flatten' }), input);
  hidden.forEach((units, i) => {
    x = b.dense(x, `dense${i + 1}`, b.channels(units), i === 0);
    x = b.batchNorm(x, `bn${i + 1}`);
  });
  return b.logits(x, orDefault(b.options.lastKernelQuantizer, b.options.kernelQuantizer));
}

const defaultHidden = [64, 64, 64];

export const mlp = defineModel<MlpOptions>({
  description: 'binary MLP with the units of option "hidden" (default 64-64-64) and a 1-bit input',
  options: {
    hidden: explained(option.list(option.integer(1), 1), 'units of the hidden layers', defaultHidden),
  },
  build: (b, x) => build(b, x, b.options.hidden ?? defaultHidden),
});

export const tfc = defineModel({
  description: 'binary MLP 64-64-64 with a 1-bit input: FINN\'s "TFC" (arXiv 1612.07119)',
  build: (b, x) => build(b, x, [64, 64, 64]),
});

export const lfc = defineModel({
  description: 'binary MLP 1024-1024-1024 with a 1-bit input: FINN\'s "LFC" (arXiv 1612.07119)',
  build: (b, x) => build(b, x, [1024, 1024, 1024]),
});
