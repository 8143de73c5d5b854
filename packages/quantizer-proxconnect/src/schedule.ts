// How mu grows over training: the scalar that takes F to its levels.
import {
  BitgradError,
  checkOptions,
  grow,
  option,
  progress,
  told,
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

const growths = ['linear', 'exponential', 'learning-rate-sum'] as const;
const muRange = v.pipe(v.number(), v.finite(), v.minValue(0));

/**
 * Schema entries of {@link MuOptions} with the given defaults.
 * @param range of mu at the start and at the end
 * @param kinds of growth
 */
export const muEntries = (
  defaults: MuOptions,
  range: v.GenericSchema<number> = muRange,
  kinds: readonly MuOptions['growth'][] = growths,
) => ({
  growth: told(
    v.picklist(kinds),
    defaults.growth,
    'how mu grows; by the sum of learning rates it has no end',
  ),
  muStart: told(range, defaults.muStart, 'mu at the first step'),
  muEnd: told(range, defaults.muEnd, 'mu at share muUntil of training, and from there on'),
  muUntil: told(
    v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    defaults.muUntil,
    'share of training over which mu grows',
  ),
});

/** mu at a clock. */
export function muAt({ growth, muStart, muEnd, muUntil }: MuOptions, clock: TrainingClock): number {
  if (growth === 'learning-rate-sum') return muStart * (1 + clock.learningRateSum);
  return grow({ growth, start: muStart, end: muEnd }, progress(clock) / muUntil);
}

const rules: OptionRules<MuOptions> = {
  growth: option.required(option.oneOf(...growths)),
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
