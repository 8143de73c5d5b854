// Max pooling, with words for inputs that are too small for it.
import * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import type { Builder, Node } from './builder.js';

/** 2x2 maximum; a last odd row or column is dropped, as in PyTorch. */
export const pool = (b: Builder, x: Node, name: string): Node => {
  if (Math.min(x.shape[1]!, x.shape[2]!) < 2)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'models',
      what: `inputShape: nothing is left to pool at layer "${name}"`,
      got: b.options.inputShape,
      expected: 'a larger height and width',
    });
  return b.apply(tfl.layers.maxPooling2d({ name, poolSize: 2, strides: 2 }), x);
};
