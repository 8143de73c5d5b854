// Learning-rate schedules as data: the rate is a pure function of (schedule, base rate, step, totalSteps), so that a
// resumed run computes the same rates as the run that was never stopped.
import { BitgradError } from '@bitgrad/core';

/** How the learning rate moves over a run; plain JSON. */
export interface LearningRateSchedule {
  /**
   * `constant`; `cosine`: half a cosine from 1 to `final`; `linear`: a line from 1 to `final`; `step`: times `factor`
   * at each milestone.
   */
  readonly kind: 'constant' | 'cosine' | 'linear' | 'step';
  /** Linear rise over this many first steps (default 0); the curve of `kind` covers the steps after it. */
  readonly warmupSteps?: number;
  /** Share of the base rate at the end of the run, of `cosine` and `linear`; default 0. */
  readonly final?: number;
  /** What `step` multiplies by at each milestone; default 0.1. */
  readonly factor?: number;
  /** Shares of the run, ascending, at which `step` multiplies; default [0.5, 0.75]. */
  readonly milestones?: readonly number[];
}

/** A schedule, or the name of its kind. */
export type ScheduleSpec = LearningRateSchedule | LearningRateSchedule['kind'];

const kinds = ['constant', 'cosine', 'linear', 'step'] as const;
const isShare = (x: unknown): x is number => typeof x === 'number' && x >= 0 && x <= 1;

const fail = (what: string, got: unknown, expected: string): never => {
  throw new BitgradError({ code: 'invalid-option', source: 'training', what, got, expected });
};

/**
 * A schedule with its defaults filled in.
 * @throws BitgradError `invalid-option`
 */
export function resolveSchedule(spec: ScheduleSpec = 'constant'): Required<LearningRateSchedule> {
  const given = typeof spec === 'string' ? { kind: spec } : spec;
  const schedule = { warmupSteps: 0, final: 0, factor: 0.1, milestones: [0.5, 0.75], ...given };
  if (!kinds.includes(schedule.kind))
    fail('kind of a learning-rate schedule', schedule.kind, `one of ${kinds.join(', ')}`);
  if (!Number.isSafeInteger(schedule.warmupSteps) || schedule.warmupSteps < 0)
    fail('warmupSteps of a learning-rate schedule', schedule.warmupSteps, 'an integer, 0 or more');
  if (!isShare(schedule.final)) fail('final of a learning-rate schedule', schedule.final, '0 to 1');
  if (!(schedule.factor > 0)) fail('factor of a learning-rate schedule', schedule.factor, 'above 0');
  const ascending = schedule.milestones.every((m, i, all) => isShare(m) && (i === 0 || m >= all[i - 1]!));
  if (!ascending)
    fail(
      'milestones of a learning-rate schedule',
      schedule.milestones,
      'shares of the run (0 to 1), ascending',
    );
  return Object.freeze(schedule);
}

/**
 * The learning rate of a step.
 * @param base the learning rate that the schedule scales, above 0
 * @param step steps done before this one: 0 for the first
 * @param totalSteps steps of the whole run
 * @throws BitgradError `invalid-option` for a bad schedule
 */
export function learningRateAt(base: number, spec: ScheduleSpec, step: number, totalSteps: number): number {
  const schedule = resolveSchedule(spec);
  const { kind, warmupSteps, final, factor, milestones } = schedule;
  if (step < warmupSteps) return (base * (step + 1)) / (warmupSteps + 1);
  const rest = Math.max(1, totalSteps - warmupSteps);
  const t = Math.min(1, (step - warmupSteps) / rest);
  if (kind === 'cosine') return base * (final + ((1 - final) * (1 + Math.cos(Math.PI * t))) / 2);
  if (kind === 'linear') return base * (1 - (1 - final) * t);
  if (kind === 'step') return base * factor ** milestones.filter((m) => t >= m).length;
  return base;
}
