// Attributes of ops: how each kind is read from untrusted JSON, and what an absent one stands for.
import { finite, integer, integers, oneOf } from '../validate/fields.js';

/** A kind of attribute. */
export interface Attribute<T> {
  /**
   * The value of a field, checked.
   * @param rank axes of the op's first input
   * @param largest most elements of an axis, from the limits
   * @throws BitgradError `invalid-file` that names the field
   */
  read(value: unknown, field: string, rank: number, largest: number): T;
  /** What an absent attribute stands for; without it, it must be there. */
  readonly fallback?: T;
}

/** The attributes of an op, by name. */
export type AttributeTable = Readonly<Record<string, Attribute<unknown>>>;

/** The values of some attributes. */
export type AttributesOf<S> = { readonly [K in keyof S]: S[K] extends Attribute<infer T> ? T : never };

/** Largest window size, stride, pad: far above any use, far below where a product loses exactness. */
const largestExtent = 65535;

type Pair = readonly [number, number];
type Pads = readonly [number, number, number, number];

const of = <T>(read: Attribute<T>['read'], fallback?: T): Attribute<T> =>
  fallback === undefined ? { read } : { read, fallback };

/** [vertical, horizontal], each 1 to 65535. */
export const pair = (fallback?: Pair): Attribute<Pair> =>
  of((v, field) => integers(v, field, [2, 2], [1, largestExtent]) as unknown as Pair, fallback);

/** [top, left, bottom, right], each 0 to 65535; default none. */
export const pads: Attribute<Pads> = of(
  (v, field) => integers(v, field, [4, 4], [0, largestExtent]) as unknown as Pads,
  [0, 0, 0, 0],
);

/** An integer for each axis of the first input. */
export const perAxis: Attribute<readonly number[]> = of((v, field, rank, largest) =>
  integers(v, field, [rank, rank], [0, largest]),
);

/** From 1 to 2^20. */
export const count = (fallback?: number): Attribute<number> =>
  of((v, field) => integer(v, field, 1, 2 ** 20), fallback);

/** An axis of the first input. */
export const axis: Attribute<number> = of((v, field, rank) => integer(v, field, 0, rank - 1));

/** A left shift of 0 to 8; default 0. */
export const shift: Attribute<number> = of((v, field) => integer(v, field, 0, 8), 0);

/** A finite number. */
export const number = (fallback?: number): Attribute<number> => of(finite, fallback);

/** A finite number, or null for none. */
export const bound: Attribute<number | null> = of((v, field) => (v === null ? null : finite(v, field)));

/** True or false. */
export const flag: Attribute<boolean> = of(oneOf(true, false));

/** One of some names. */
export const name = <const T extends string>(...names: readonly T[]): Attribute<T> => of(oneOf(...names));
