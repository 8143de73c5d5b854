// Seeded random numbers (xoshiro128**, seeded by splitmix32): the only source of randomness outside apps/.
// Streams are forked by label, so that adding a consumer does not change what the others draw.
import { BitgradError } from './errors.js';

/** The state of a generator: four words of state and the seed that names its forks; JSON-safe. */
export type RngState = readonly [number, number, number, number, number];

/** A seeded random generator. */
export interface Rng {
  /** A float in [0, 1), with 24 random bits (exact in float32). */
  next(): number;
  /** An integer in [0, bound); `bound` from 1 to 2^32. */
  integer(bound: number): number;
  /** A normal variate, mean 0, standard deviation 1 (Box-Muller, one of the two values). */
  normal(): number;
  /** Shuffles in place (Fisher-Yates) and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
  /** An independent stream, decided by this generator's seed and the label alone, not by draws made so far. */
  fork(label: string | number): Rng;
  /** The present state, to be given to {@link restoreRng}. */
  state(): RngState;
}

const splitmix32 = (seed: number) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x9e3779b9) >>> 0;
    let t = a ^ (a >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
};

/** FNV-1a over UTF-16 units, from a given start. */
const hash = (text: string, start: number): number => {
  let h = (0x811c9dc5 ^ start) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
};

const rotl = (x: number, k: number): number => ((x << k) | (x >>> (32 - k))) >>> 0;

const wrong = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'bits', what, got: got ?? 'nothing', expected });

const make = (initial: RngState): Rng => {
  let [a, b, c, d] = initial;
  const origin = initial[4];
  const word = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result;
  };
  const rng: Rng = {
    next: () => (word() >>> 8) / 0x1000000,
    integer: (bound) => {
      if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000)
        throw wrong('bound of a random integer', bound, 'an integer from 1 to 2^32');
      // Rejection keeps the draw unbiased.
      const limit = 0x100000000 - (0x100000000 % bound);
      let value = word();
      while (value >= limit) value = word();
      return value % bound;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next()),
    shuffle: (items) => {
      if (!Number.isSafeInteger(items?.length)) throw wrong('items to shuffle', items, 'a list');
      for (let i = items.length - 1; i > 0; i--) {
        const j = rng.integer(i + 1);
        [items[i], items[j]] = [items[j], items[i]];
      }
      return items;
    },
    fork: (label) => createRng(hash(String(label), origin)),
    state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0, origin],
  };
  return Object.freeze(rng);
};

/**
 * A generator for a seed.
 * @param seed any safe integer; the low 32 bits decide
 * @throws BitgradError `invalid-option` when the seed is not a safe integer
 */
export function createRng(seed: number): Rng {
  if (!Number.isSafeInteger(seed))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what: 'random seed',
      got: seed,
      expected: 'a safe integer',
    });
  const next = splitmix32(seed);
  return make([next(), next(), next(), next(), seed >>> 0]);
}

/**
 * A generator that goes on exactly where the one that gave `state` stood, with the same forks.
 * @throws BitgradError `invalid-option`
 */
export function restoreRng(state: RngState): Rng {
  const words: unknown = state;
  if (
    !Array.isArray(words) ||
    words.length !== 5 ||
    !words.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32)
  )
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bits',
      what: 'state of a random generator',
      got: state === undefined ? 'nothing' : state,
      expected: 'five integers from 0 to 2^32 - 1, as state() gives them',
    });
  return make(state);
}
