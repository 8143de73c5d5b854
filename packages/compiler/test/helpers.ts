// Models with random parameters: weights, and batch norms with negative, zero, tiny and huge gamma and variance.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRng, type Rng } from '@bitgrad/core';

const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)]!;

/** Values of a batch norm weight, extremes included. */
const normWeight = (name: string, rng: Rng): number => {
  if (name === 'gamma')
    return pick(rng, [0, 1e-20, -1e-6, 1e6, rng.normal(), rng.normal(), -rng.next(), rng.next()]);
  if (name === 'moving_variance')
    return pick(rng, [0, 1e-12, 1e8, 10 * rng.next(), 10 * rng.next(), 100 * rng.next()]);
  return (name === 'moving_mean' ? 6 : 1) * rng.normal();
};

/** Gives every batch norm of a model random parameters; `extreme` includes 0, tiny and huge ones. */
export function randomizeNorms(model: tfl.LayersModel, seed: number, extreme = true): void {
  const rng = createRng(seed);
  for (const layer of model.layers) {
    if (!/BatchNorm/.test(layer.getClassName())) continue;
    const values = layer.weights.map((weight) => {
      const name = weight.originalName.split('/').at(-1)!;
      const size = weight.shape.reduce<number>((a, b) => a * (b ?? 1), 1);
      const draw = (): number => {
        if (extreme) return normWeight(name, rng);
        if (name === 'moving_variance') return 1 + 20 * rng.next();
        return name === 'moving_mean' ? 4 * rng.normal() : rng.normal();
      };
      return tf.tensor(Float32Array.from({ length: size }, draw), weight.shape as number[]);
    });
    layer.setWeights(values);
    values.forEach((t) => t.dispose());
  }
}

/** Random bytes. */
export const randomBytes = (count: number, seed: number): Uint8Array => {
  const rng = createRng(seed);
  return Uint8Array.from({ length: count }, () => rng.integer(256));
};
