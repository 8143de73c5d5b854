// What layers of attention share: queries, keys and values beside each other, in heads.
import { BitgradError } from '@bitgrad/core';
import { knownSize, singleShape, type Shape } from '../keras.js';

/** @throws BitgradError `shape-mismatch` unless the shape is [n, t, 3 * heads * d] */
export function expectHeads(name: string, shape: Shape, heads: number): void {
  const size = knownSize(shape, 3, -1, `layer "${name}"`);
  if (size % (3 * heads))
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'layers',
      what: `input shape of layer "${name}"`,
      got: shape,
      expected: `a last axis of queries, keys and values of ${heads} heads: a multiple of ${3 * heads}`,
    });
}

/** [n, t, width] from [n, t, 3 * width]. */
export function attendedShape(inputShape: Shape | Shape[]): Shape {
  const [n, t, size] = singleShape(inputShape) as [number | null, number | null, number];
  return [n, t, size / 3];
}
