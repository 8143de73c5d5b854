// Data for tests of runs.
import { createRng } from '@bitgrad/core';
import { createSplit } from '@bitgrad/datasets';

/** Stripes, flat (0) or upright (1), 8 x 8, with dark noise between them. */
export const stripes = (seed: number, size: number) => {
  const rng = createRng(seed);
  const labels = Uint8Array.from({ length: size }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: size * 64 }, (_, at) =>
    (labels[at >> 6] ? at & 7 : (at >> 3) & 7) % 2 ? 255 : rng.integer(100),
  );
  return createSplit(images, labels, [8, 8, 1]);
};
