// Where a learning rate comes from. Each optimizer has a base rate: the one that it was given, else the trainer's, else
// its own default. A schedule scales every base rate alike, so that groups of a case optimizer keep their proportions.
import { BitgradError, explained, option, type ExplainedRule } from '@bitgrad/core';
import type { StatefulOptimizer } from './step-optimizer.js';

/** The rate of a step for a base rate. */
export type ScheduledRate = (base: number) => number;

/** An optimizer that has a learning rate. */
export interface RatedOptimizer {
  /** The base rate that it was given; undefined: it takes the trainer's, or its default. */
  readonly ownRate: number | undefined;
  readonly defaultRate: number;
  /** Sets the base rate, without making it its own. */
  settleRate(rate: number): void;
}

/** The base rates of optimizers that were given none. */
export const defaultRates = { adam: 0.001, sgd: 0.1 } as const;

/** The rule of a learning rate. */
export const rateRule = (fallback: number): ExplainedRule =>
  explained(
    option.number(0),
    `the base rate, which schedules scale; default the trainer's, else ${fallback}`,
  );

/** Options with the defaults of those that are not given. */
export const withDefaults = <D extends object>(
  given: { readonly [K in keyof D]?: unknown },
  defaults: D,
): { [K in keyof D]: D[K] extends number ? number : D[K] extends boolean ? boolean : D[K] } =>
  ({
    ...defaults,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }) as never;

/** The optimizers inside that have a rate. Those of others than this package tell only their present one. */
function ratedOf(optimizer: StatefulOptimizer): readonly RatedOptimizer[] {
  if (optimizer.rated) return optimizer.rated();
  const { learningRate } = optimizer as unknown as { learningRate?: unknown };
  if (typeof learningRate !== 'number' || !(learningRate > 0)) return [];
  return [{ ownRate: learningRate, defaultRate: learningRate, settleRate: () => undefined }];
}

/**
 * Settles every base rate of an optimizer.
 * @param given the rate given beside the optimizer: it goes to those that have none of their own
 * @param owner what it was given to, in messages: `createTrainer`
 * @returns the base rate of the training clock: that of the last optimizer inside, which has the rest of the weights
 * @throws BitgradError `invalid-option` when the given rate would be used by none: each has another of its own
 */
export function settleRates(optimizer: StatefulOptimizer, given: number | undefined, owner: string): number {
  const rated = ratedOf(optimizer);
  const unused =
    given !== undefined && rated.length > 0 && rated.every(({ ownRate }) => (ownRate ?? given) !== given);
  if (unused)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: `option "learningRate" of ${owner}, whose optimizer has another learning rate of its own`,
      got: given,
      expected: rated.map(({ ownRate }) => ownRate).join(', '),
      next: 'Give the rate once: to the optimizer, or beside it.',
    });
  const rates = rated.map(({ ownRate, defaultRate }) => ownRate ?? given ?? defaultRate);
  rated.forEach((each, i) => each.settleRate(rates[i]!));
  return rates.at(-1) ?? given ?? defaultRates.adam;
}
