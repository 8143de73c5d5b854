// Learning-rate schedules as data: the rate is a pure function of (schedule, base rate, step, totalSteps), so that a
// resumed run computes the same rates as the run that was never stopped.
import {
  checkOptions,
  checkValue,
  option,
  type OptionRules,
  type TrainingClock,
  type OptionRule,
} from '@bitgrad/core';

/** How the learning rate moves over a run; plain JSON. */
export interface LearningRateSchedule {
  /**
   * `constant`; `cosine`: half a cosine from 1 to `final`; `linear`: a line from 1 to `final`; `polynomial`: from 1 to `final`
   * as (1 - t)^`power`; `step`: times `factor` at each milestone.
   */
  readonly kind: 'constant' | 'cosine' | 'linear' | 'polynomial' | 'step';
  /** Linear rise over this many first steps (default 0); the curve of `kind` covers the steps after it. */
  readonly warmupSteps?: number;
  /** The same in epochs, which may be parts of one; added to `warmupSteps`. Default 0. */
  readonly warmupEpochs?: number;
  /**
   * When the rate moves: before each `step` (default), or at the start of each `epoch` and as of its number, as
   * PyTorch's schedulers that are stepped once an epoch.
   */
  readonly per?: 'step' | 'epoch';
  /** Exponent of `polynomial`, above 0; default 1, a line. */
  readonly power?: number;
  /** Share of the base rate at the end of the run, of `cosine`, `linear` and `polynomial`; default 0. */
  readonly final?: number;
  /** What `step` multiplies by at each milestone; default 0.1. */
  readonly factor?: number;
  /** Shares of the run, ascending, at which `step` multiplies; default [0.5, 0.75]. */
  readonly milestones?: readonly number[];
}

/** A schedule, or the name of its kind. */
export type ScheduleSpec = LearningRateSchedule | LearningRateSchedule['kind'];

const share = option.number(0, 1);
/** The kinds of schedules. */
export const scheduleKinds = ['constant', 'cosine', 'linear', 'polynomial', 'step'] as const;

const rules: OptionRules<LearningRateSchedule> = {
  kind: option.required(option.oneOf(...scheduleKinds)),
  warmupSteps: option.integer(0),
  warmupEpochs: option.number(0),
  per: option.oneOf('step', 'epoch'),
  power: option.positive,
  final: share,
  factor: option.positive,
  milestones: option.of(
    'shares of the run (0 to 1), ascending',
    (v) => Array.isArray(v) && v.every((m, i) => share.allows(m) && (i === 0 || m >= v[i - 1])),
  ),
};

/** The rule of an option that is a {@link ScheduleSpec}; {@link resolveSchedule} looks into it. */
export const scheduleRule: OptionRule = option.either(rules.kind, option.object);

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
    warmupEpochs = 0,
    per = 'step',
    power = 1,
    final = 0,
    factor = 0.1,
    milestones = [0.5, 0.75],
  } = checkOptions<LearningRateSchedule>('training', 'a learning-rate schedule', given, rules);
  return Object.freeze({ kind, warmupSteps, warmupEpochs, per, power, final, factor, milestones });
}

/** A resolved schedule as checkpoints hold it: what came later is left out where it does nothing. */
export const scheduleConfig = ({
  warmupEpochs,
  per,
  power,
  ...rest
}: Required<LearningRateSchedule>): LearningRateSchedule => ({
  ...rest,
  ...(warmupEpochs > 0 && { warmupEpochs }),
  ...(per === 'epoch' && { per }),
  ...(rest.kind === 'polynomial' && { power }),
});

/** How long a run is, in steps. */
export interface RunLength {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** The rate of a step by a schedule that {@link resolveSchedule} made. */
export function scheduledRate(
  { kind, warmupSteps, warmupEpochs, per, power, final, factor, milestones }: Required<LearningRateSchedule>,
  base: number,
  step: number,
  { totalSteps, stepsPerEpoch }: RunLength,
): number {
  // Counted in epochs, where the rate moves with them.
  const unit = per === 'epoch' ? Math.max(1, stepsPerEpoch) : 1;
  const [at, total] = [Math.floor(step / unit), totalSteps / unit];
  const warm = Math.ceil((warmupSteps + warmupEpochs * stepsPerEpoch) / unit);
  if (at < warm) return (base * (at + 1)) / (warm + 1);
  const t = Math.min(1, (at - warm) / Math.max(1, total - warm));
  if (kind === 'cosine') return base * (final + ((1 - final) * (1 + Math.cos(Math.PI * t))) / 2);
  if (kind === 'linear') return base * (1 - (1 - final) * t);
  if (kind === 'polynomial') return base * (final + (1 - final) * (1 - t) ** power);
  if (kind === 'step') return base * factor ** milestones.filter((m) => t >= m).length;
  return base;
}

/** A run that was made longer: up to `step` it was `epochs` long. */
export interface Lengthening {
  readonly step: number;
  readonly epochs: number;
}

/** The rate of a step of a run that was, perhaps, made longer at some steps, in order. */
export function rateOfRun(
  schedule: Required<LearningRateSchedule>,
  base: number,
  step: number,
  length: RunLength,
  lengthenings: readonly Lengthening[],
): number {
  const { stepsPerEpoch } = length;
  const then = lengthenings.find((each) => step < each.step);
  return scheduledRate(
    schedule,
    base,
    step,
    then ? { stepsPerEpoch, totalSteps: then.epochs * stepsPerEpoch } : length,
  );
}

/**
 * The learning rate of a step.
 * @param base the learning rate that the schedule scales, 0 or more
 * @param step steps done before this one: 0 for the first
 * @param totalSteps steps of the whole run
 * @param stepsPerEpoch of a schedule by epochs; default 1
 * @throws BitgradError `invalid-option` for a bad schedule or number
 */
export function learningRateAt(
  base: number,
  spec: ScheduleSpec,
  step: number,
  totalSteps: number,
  stepsPerEpoch = 1,
): number {
  const number = option.required(option.number(0));
  for (const [name, value] of Object.entries({ base, step, totalSteps, stepsPerEpoch }))
    checkValue('training', `${name} of learningRateAt`, value, number);
  return scheduledRate(resolveSchedule(spec), base, step, { totalSteps, stepsPerEpoch });
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
