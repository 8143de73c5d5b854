// The generator of random plans and tensors, with what tests ask of it.
import { createRng } from '@bitgrad/bits';

/** A seeded generator. */
export interface TestRandom {
  /** In [0, 1). */
  next(): number;
  /** Integer in [min, max]. */
  int(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Makes a generator; the seed decides everything. */
export function testRandom(seed: number): TestRandom {
  const { next, integer } = createRng(seed);
  const int = (min: number, max: number): number => min + integer(max - min + 1);
  return { next, int, pick: (items) => items[int(0, items.length - 1)]! };
}
