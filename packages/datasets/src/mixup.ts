// Mixup (Zhang et al. 2018, arXiv 1710.09412): x = l x_i + (1 - l) x_j and y = l y_i + (1 - l) y_j, with l ~ Beta(alpha, alpha). As
// in its authors' code, one l a batch, and x_j are the images of the batch in another order.
import type { Rng } from '@bitgrad/core';
import type { Batch } from './batches.js';

/** Gamma(shape, 1) by Marsaglia and Tsang (2000, ACM TOMS 26), whose boost U^(1/shape) serves shapes below 1. */
function gamma(shape: number, rng: Rng): number {
  if (shape < 1) return gamma(shape + 1, rng) * (1 - rng.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A draw from Beta(alpha, alpha). */
export function symmetricBeta(alpha: number, rng: Rng): number {
  const [a, b] = [gamma(alpha, rng), gamma(alpha, rng)];
  // Both are 0 where a tiny alpha underflows: the limit is 0 or 1, evenly.
  return a + b > 0 ? a / (a + b) : rng.integer(2);
}

/**
 * A batch, mixed with itself in another order.
 * @param rng decides the share and the order
 */
export function mixed(batch: Batch, alpha: number, rng: Rng): Batch {
  const share = symmetricBeta(alpha, rng);
  const partners = rng.shuffle(Int32Array.from({ length: batch.size }, (_, i) => i));
  const mix = (values: Float32Array): Float32Array => {
    const width = values.length / batch.size;
    return values.map(
      (value, at) =>
        share * value + (1 - share) * values[partners[Math.floor(at / width)]! * width + (at % width)]!,
    );
  };
  const { images, weights, more, labels } = batch;
  const width = labels.length / batch.size;
  const others = labels.map((_, at) => labels[partners[Math.floor(at / width)]! * width + (at % width)]!);
  return {
    ...batch,
    images: mix(images),
    mix: { share, labels: others },
    ...(weights && { weights: mix(weights) }),
    ...(more && { more: more.map(({ values, shape }) => ({ values: mix(values), shape })) }),
  };
}
