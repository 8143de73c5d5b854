// Schedules: pure functions of the training clock that give one named scalar each; combine them with mergeSchedules.
import { BitgradError, checkOptions, option, type OptionRules } from '@bitgrad/bits';
import { progress, type TrainingClock } from './contracts/clock.js';
import type { JsonObject, Scalars } from './contracts/context.js';
import type { Schedule } from './contracts/quantizer.js';
import { expectNumber, expectObject, invalidArgument } from './expect.js';

/** Growth of a scalar over a run; `t` is the share of the run that is done, in [0, 1]. */
export type Growth = 'constant' | 'linear' | 'exponential' | 'cosine' | 'step';

/** A scalar that moves from `start` to `end` over training. */
export interface GrowthOptions {
  readonly growth: Growth;
  /** Value at the first step. */
  readonly start: number;
  /** Value at the end of training; default `start`. */
  readonly end?: number;
  /** Number of equal steps of `step` growth (default 10): the value changes `steps - 1` times. */
  readonly steps?: number;
  /** Share of training at which `end` is reached, above 0; default 1. */
  readonly until?: number;
}

const curves: Record<Growth, (a: number, b: number, t: number, steps: number) => number> = {
  constant: (a) => a,
  linear: (a, b, t) => a + (b - a) * t,
  exponential: (a, b, t) => a * (b / a) ** t,
  // Half a cosine: from a, slowly first, to exactly b.
  cosine: (a, b, t) => (t >= 1 ? b : b + ((a - b) * (1 + Math.cos(Math.PI * t))) / 2),
  step: (a, b, t, steps) =>
    steps <= 1 ? a : a + ((b - a) * Math.min(steps - 1, Math.floor(t * steps))) / (steps - 1),
};

const rules: OptionRules<GrowthOptions> = {
  growth: option.required(option.any),
  start: option.required(option.number()),
  end: option.number(),
  steps: option.integer(1),
  until: option.positive,
};

/**
 * The value of a growing scalar at share `t` of training.
 * @throws BitgradError `invalid-option` for exponential growth through or from zero, unknown growth, and `until` of 0 or less
 */
export function grow(options: GrowthOptions, t: number): number {
  expectObject('options of grow', options);
  const { growth, start, end = start, steps = 10, until = 1 } = options;
  const curve = curves[growth];
  if (!curve || !(until > 0) || (growth === 'exponential' && !(start * end > 0)))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'core',
      what: 'growth of a schedule',
      got: { growth, start, end, until },
      expected: `one of ${Object.keys(curves).join(', ')}; exponential needs start and end of one sign, not 0; until above 0`,
    });
  return curve(start, end, Math.min(1, Math.max(0, t / until)), steps);
}

/** A schedule without scalars, of quantizers that do not change over training. */
export function constantSchedule(scalars: Scalars = {}): Schedule {
  expectObject('scalars of constantSchedule', scalars);
  for (const [name, value] of Object.entries(scalars))
    expectNumber(`scalar "${name}" of constantSchedule`, value);
  return Object.freeze({ options: { ...scalars } as JsonObject, values: () => scalars });
}

/** A schedule of one scalar that grows with the share of training done. */
export function growingSchedule(name: string, options: GrowthOptions): Schedule {
  checkOptions('core', 'growingSchedule', options, rules);
  grow(options, 0);
  return Object.freeze({
    options: { [name]: { ...options } } as JsonObject,
    values: (clock: TrainingClock) => ({ [name]: grow(options, progress(clock)) }),
  });
}

/** ProxConnect's mu_t = 1 + sum of the learning rates of the steps done (arXiv 2110.13220). */
export const learningRateSumSchedule = (name = 'mu'): Schedule =>
  Object.freeze({
    options: { [name]: 'learningRateSum' },
    values: (clock: TrainingClock) => ({ [name]: 1 + clock.learningRateSum }),
  });

/** One schedule that gives the scalars of all; later ones win. */
export function mergeSchedules(...schedules: readonly Schedule[]): Schedule {
  for (const schedule of schedules)
    if (typeof (schedule as Partial<Schedule> | undefined)?.values !== 'function')
      throw invalidArgument('schedule given to mergeSchedules', schedule, '{ options, values(clock) }');
  return Object.freeze({
    options: Object.assign({}, ...schedules.map((s) => s.options)) as JsonObject,
    values: (clock: TrainingClock) => Object.assign({}, ...schedules.map((s) => s.values(clock))) as Scalars,
  });
}
