// Learning-rate schedules as data: the rate is a pure function of (schedule, base rate, step, totalSteps), so that a
// resumed run computes the same rates as the run that was never stopped.
import { checkOptions, checkValue, option, type OptionRules, type TrainingClock } from '@bitgrad/core';

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

const share = option.number(0, 1);
const rules: OptionRules<LearningRateSchedule> = {
  kind: option.required(option.oneOf('constant', 'cosine', 'linear', 'step')),
  warmupSteps: option.integer(0),
  final: share,
  factor: option.positive,
  milestones: option.of(
    'shares of the run (0 to 1), ascending',
    (v) => Array.isArray(v) && v.every((m, i) => share.allows(m) && (i === 0 || m >= v[i - 1])),
  ),
};

/** The rule of an option that is a {@link ScheduleSpec}; {@link resolveSchedule} looks into it. */
export const scheduleRule = option.either(rules.kind, option.object);

/**
 * A schedule with its defaults filled in.
 * @throws BitgradError `invalid-option`
 */
export function resolveSchedule(spec: ScheduleSpec = 'constant'): Required<LearningRateSchedule> {
  checkValue('training', 'learning-rate schedule', spec, scheduleRule);
  const given = typeof spec === 'string' ? { kind: spec } : spec;
  const {
    kind,
    warmupSteps = 0,
    final = 0,
    factor = 0.1,
    milestones = [0.5, 0.75],
  } = checkOptions<LearningRateSchedule>('training', 'a learning-rate schedule', given, rules);
  return Object.freeze({ kind, warmupSteps, final, factor, milestones });
}

/** The rate of a step by a schedule that {@link resolveSchedule} made. */
export function scheduledRate(
  { kind, warmupSteps, final, factor, milestones }: Required<LearningRateSchedule>,
  base: number,
  step: number,
  totalSteps: number,
): number {
  if (step < warmupSteps) return (base * (step + 1)) / (warmupSteps + 1);
  const rest = Math.max(1, totalSteps - warmupSteps);
  const t = Math.min(1, (step - warmupSteps) / rest);
  if (kind === 'cosine') return base * (final + ((1 - final) * (1 + Math.cos(Math.PI * t))) / 2);
  if (kind === 'linear') return base * (1 - (1 - final) * t);
  if (kind === 'step') return base * factor ** milestones.filter((m) => t >= m).length;
  return base;
}

/**
 * The learning rate of a step.
 * @param base the learning rate that the schedule scales, 0 or more
 * @param step steps done before this one: 0 for the first
 * @param totalSteps steps of the whole run
 * @throws BitgradError `invalid-option` for a bad schedule or number
 */
export function learningRateAt(base: number, spec: ScheduleSpec, step: number, totalSteps: number): number {
  const number = option.required(option.number(0));
  for (const [name, value] of Object.entries({ base, step, totalSteps }))
    checkValue('training', `${name} of learningRateAt`, value, number);
  return scheduledRate(resolveSchedule(spec), base, step, totalSteps);
}

/** The training clock of a step of a run at whose steps `rateAt` gives the learning rate. */
export function clockAt(
  step: number,
  epoch: number,
  totalSteps: number,
  rateAt: (step: number) => number,
  totalEpochs?: number,
): TrainingClock {
  let learningRateSum = 0;
  for (let done = 0; done < step; done++) learningRateSum += rateAt(done);
  return Object.freeze({
    step,
    epoch,
    totalSteps,
    ...(totalEpochs && { totalEpochs }),
    learningRate: rateAt(step),
    learningRateSum,
  });
}
