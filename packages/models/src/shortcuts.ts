// What goes around binary convolutions where the resolution halves.
import * as tfl from '@tensorflow/tfjs-layers';
import { padding } from '@bitgrad/layers';
import type { Builder, Node } from './builder.js';

/**
 * ResNet's option A (arXiv 1512.03385, section 4.2): every second pixel, and channels of zeros; no parameters.
 * @param side of the zeros: behind the channels, or half of them before and half behind
 */
export function optionA(b: Builder, x: Node, name: string, filters: number, side: 'after' | 'both'): Node {
  const halved = b.apply(tfl.layers.averagePooling2d({ name: `${name}_pixels`, poolSize: 1, strides: 2 }), x);
  const missing = filters - x.shape[3]!;
  const before = side === 'after' ? 0 : Math.floor(missing / 2);
  return b.apply(padding({ name: `${name}_channels`, channels: [before, missing - before] }), halved);
}

/** A 2x2 average; a last odd row or column is averaged over what is there. */
export const average2x2 = (b: Builder, x: Node, name: string): Node =>
  b.apply(tfl.layers.averagePooling2d({ name, poolSize: 2, strides: 2, padding: 'same' }), x);
