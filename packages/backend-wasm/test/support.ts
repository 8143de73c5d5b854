// Shared by the tests: seeded tensors, running the same computation on two backends, comparing numbers.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { createRng } from '@bitgrad/core';
import { expect } from 'vitest';

/** Numbers of a normal distribution of deviation 1 around `mean`. */
export function randoms(seed: number, count: number, mean = 0): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => mean + rng.normal());
}

export const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A computation of tensors from tensors of given contents. */
export type Compute = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
export interface Input {
  readonly shape: number[];
  readonly values: Float32Array;
}

export const input = (seed: number, shape: number[], mean = 0): Input => ({
  shape,
  values: randoms(seed, size(shape), mean),
});

/** Runs a computation on a backend. */
export async function runOn(
  backend: string,
  compute: Compute,
  inputs: readonly Input[],
): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  // Read outside of tidy, which looks at each number of an array that it returns for tensors.
  const results = tf.tidy(() =>
    [compute(...inputs.map(({ shape, values }) => tf.tensor(values, shape)))].flat(),
  );
  return results.map((result) => {
    const values = result.dataSync() as Float32Array;
    result.dispose();
    return values;
  });
}

/** The result y of f, and the gradients of `sum(y * weights)` with fixed uneven weights. */
export const gradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor): Compute =>
  (...inputs) => {
    const y = f(...inputs);
    const weights = tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape);
    return [y, ...tf.grads(f)(inputs, weights)];
  };

/** The largest difference relative to the largest magnitude (at least 1e-3). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-3;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  }
  return worst / scale;
}

/** Expects the result and every gradient to agree on cpu and wasm. */
export async function expectSame(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly Input[],
  tolerance = 1e-5,
) {
  const expected = await runOn('cpu', gradients(f), inputs);
  const actual = await runOn('wasm', gradients(f), inputs);
  actual.forEach((values, i) =>
    expect(relativeError(values, expected[i]!), `output ${i}`).toBeLessThan(tolerance),
  );
}
