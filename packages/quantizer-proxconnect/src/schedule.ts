// How mu grows over training: the scalar that takes F to its levels.
import {
  BitgradError,
  checkOptions,
  grow,
  option,
  progress,
  type JsonObject,
  type OptionRules,
  type Schedule,
  type TrainingClock,
} from '@bitgrad/core';
import * as v from 'valibot';

/** Growth of mu. */
export interface MuOptions {
  /**
   * 'linear' and 'exponential' go from `muStart` to `muEnd`; 'learning-rate-sum' is muStart times 1 + the sum of the
   * learning rates of the steps done (arXiv 2110.13220), and has no end of its own.
   */
  readonly growth: 'linear' | 'exponential' | 'learning-rate-sum';
  /** mu at the first step. */
  readonly muStart: number;
  /** mu at share `muUntil` of training, and from there on. */
  readonly muEnd: number;
  /** Share of training over which mu grows, above 0 and up to 1. */
  readonly muUntil: number;
}

/** Schema entries of {@link MuOptions} with the given defaults. */
export const muEntries = (defaults: MuOptions) => ({
  growth: v.optional(v.picklist(['linear', 'exponential', 'learning-rate-sum']), defaults.growth),
  muStart: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), defaults.muStart),
  muEnd: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), defaults.muEnd),
  muUntil: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), defaults.muUntil),
});

/** mu at a clock. */
export function muAt({ growth, muStart, muEnd, muUntil }: MuOptions, clock: TrainingClock): number {
  if (growth === 'learning-rate-sum') return muStart * (1 + clock.learningRateSum);
  return grow({ growth, start: muStart, end: muEnd }, progress(clock) / muUntil);
}

const rules: OptionRules<MuOptions> = {
  growth: option.required(option.oneOf('linear', 'exponential', 'learning-rate-sum')),
  muStart: option.required(option.number(0)),
  muEnd: option.required(option.number(0)),
  muUntil: option.required(
    option.of('a number above 0, at most 1', (x) => typeof x === 'number' && x > 0 && x <= 1),
  ),
};

/**
 * The schedule of mu.
 * @throws BitgradError `invalid-option` for growth from zero where growth multiplies
 */
export function muSchedule(options: MuOptions): Schedule {
  checkOptions('quantizer-proxconnect', 'muSchedule', options, rules);
  const { growth, muStart, muEnd, muUntil } = options;
  if (growth === 'learning-rate-sum' && muStart === 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'quantizer-proxconnect',
      what: 'option "muStart" with growth \'learning-rate-sum\'',
      got: muStart,
      expected: 'a number above 0, by which 1 + the sum of the learning rates is multiplied',
    });
  if (growth !== 'learning-rate-sum') grow({ growth, start: muStart, end: muEnd }, 0);
  return Object.freeze({
    options: { growth, muStart, muEnd, muUntil } as JsonObject,
    values: (clock: TrainingClock) => ({ mu: muAt(options, clock) }),
  });
}

/** True when mu changes over training. */
export const muMoves = ({ growth, muStart, muEnd }: MuOptions): boolean =>
  growth === 'learning-rate-sum' || muStart !== muEnd;
