// How much of a binary network changes: the share of kernel signs that differ between two moments.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkNoNaN, packRows, popcount } from '@bitgrad/bits';
import { BitgradError, checkValue, option } from '@bitgrad/core';
import { quantizedKernels } from './model.js';
import { quantizeParts } from './quantizers.js';

/** The packed signs of one kernel. */
export interface KernelSigns {
  readonly layer: string;
  readonly slot: string;
  /** Number of weights. */
  readonly length: number;
  /** Signs in the order of the weights, packed as one row (see @bitgrad/bits). */
  readonly words: Uint32Array;
}

/** The signs of every binary kernel of a model, in order. */
export type SignSnapshot = readonly KernelSigns[];

/**
 * The signs of every kernel with two levels (pm1 or zero-one), as deployed: after `prepare`, not those of the latent
 * weights.
 * @throws BitgradError `not-finite` for a NaN weight
 */
export function signSnapshot(model: tfl.layers.Layer): SignSnapshot {
  return quantizedKernels(model)
    .filter(({ quantizer }) => quantizer.forward.levels.length === 2)
    .map(({ layer, slot, variable, quantizer }) => {
      checkNoNaN(variable.dataSync(), `${slot} of layer "${layer.name}"`);
      const values = tf.tidy(() => {
        const options = { ...layer.quantizeOptions(slot), hard: true };
        const { levels } = quantizeParts(quantizer, variable, options);
        const [low, high] = quantizer.forward.levels as [number, number];
        return tf.sub(levels, (low + high) / 2);
      });
      const words = packRows(values.dataSync(), 1, variable.size);
      values.dispose();
      return { layer: layer.name, slot, length: variable.size, words };
    });
}

/** Signs that changed in one kernel. */
export interface KernelFlips {
  readonly layer: string;
  readonly slot: string;
  readonly flips: number;
  readonly weights: number;
  /** flips / weights, in [0, 1]. */
  readonly ratio: number;
}

/** Signs that changed in a model. */
export interface FlipRatio {
  readonly kernels: readonly KernelFlips[];
  readonly flips: number;
  readonly weights: number;
  /** flips / weights over all kernels, in [0, 1]; 0 for a model without binary kernels. */
  readonly ratio: number;
}

const snapshotRule = option.required(
  option.of(
    'what signSnapshot gives',
    (v) =>
      Array.isArray(v) && v.every((kernel) => (kernel as KernelSigns | null)?.words instanceof Uint32Array),
  ),
);

/**
 * The share of kernel signs that differ between two snapshots of the same model.
 * @throws BitgradError `shape-mismatch` when the snapshots are of different models, `invalid-option`
 */
export function flipRatio(before: SignSnapshot, after: SignSnapshot): FlipRatio {
  for (const snapshot of [before, after])
    checkValue('layers', 'sign snapshot given to flipRatio', snapshot, snapshotRule);
  const shape = (snapshot: SignSnapshot) =>
    snapshot.map(({ layer, slot, length }) => `${layer}/${slot}:${length}`);
  if (shape(before).join() !== shape(after).join())
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'layers',
      what: 'second sign snapshot',
      got: shape(after),
      expected: `the kernels of the first: ${shape(before).join()}`,
    });
  const kernels = before.map(({ layer, slot, length, words }, i) => {
    const flips = words.reduce((sum, word, k) => sum + popcount(word ^ after[i]!.words[k]!), 0);
    return { layer, slot, flips, weights: length, ratio: length > 0 ? flips / length : 0 };
  });
  const flips = kernels.reduce((sum, kernel) => sum + kernel.flips, 0);
  const weights = kernels.reduce((sum, kernel) => sum + kernel.weights, 0);
  return { kernels, flips, weights, ratio: weights > 0 ? flips / weights : 0 };
}
