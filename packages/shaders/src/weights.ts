// Weights in the form that kernels read: 32-bit words, four output channels side by side.
import { wordsPerRow } from '@bitgrad/bits';
import { channelCount, elementCount, type TensorData, type WeightSpec } from '@bitgrad/runtime';
import type { Arithmetic } from './program.js';

/** The elements of a weight, packed levels as +1 and -1. */
export function elementsOf({ type, shape }: WeightSpec, data: TensorData): ArrayLike<number> {
  if (type !== 'bits') return data;
  const c = channelCount(shape);
  const stride = 32 * wordsPerRow(c);
  return Int8Array.from({ length: elementCount(shape) }, (_, i) => {
    const at = Math.floor(i / c) * stride + (i % c);
    return 1 - 2 * ((data[at >>> 5]! >>> (at & 31)) & 1);
  });
}

/** Any typed array as words: bytes are padded to a whole word. */
export function wordsOf(data: TensorData): Uint32Array {
  const words = new Uint32Array(Math.ceil(data.byteLength / 4));
  new Uint8Array(words.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return words;
}

/** Words of a panel. */
export const panelWords = (n: number, k: number): number => Math.ceil(n / 4) * k * 4;

/** The panel of a product: [ceil(n / 4)][k][4] words; `at` says which element or word is the weight (n, k). */
export function panelOf(
  arithmetic: Arithmetic,
  source: ArrayLike<number>,
  n: number,
  k: number,
  at: (n: number, k: number) => number,
): Uint32Array {
  const panel = new Uint32Array(panelWords(n, k));
  const view = { xnor: panel, integer: new Int32Array(panel.buffer), float: new Float32Array(panel.buffer) }[
    arithmetic
  ];
  for (let o = 0; o < n; o++)
    for (let i = 0; i < k; i++) view[((o >> 2) * k + i) * 4 + (o & 3)] = source[at(o, i)]!;
  return panel;
}
