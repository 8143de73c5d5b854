// Which epoch of a run is the best by its validation split, and when no better one is waited for any longer.
import { BitgradError, option, type OptionRules, type TrainingClock, type OptionRule } from '@bitgrad/core';

/** When a run ends before its last epoch. */
export interface EarlyStop {
  /** Epochs without a better one after which it ends, 1 or more. */
  readonly patience: number;
  /** By how much a score must be larger to be better, 0 or more; default 0. */
  readonly minDelta?: number;
}

/** What makes an epoch better: more accuracy, or less loss. */
export type Monitor = 'accuracy' | 'loss';

/** The best epoch so far. */
export interface Best {
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Its accuracy, or minus its loss. */
  readonly score: number;
  /** Where training stood at its end. */
  readonly clock: TrainingClock;
  /** Its weights, in the order of the state's, where they are kept. */
  readonly weights?: readonly Float32Array[];
}

/** The rule of an option that is an {@link EarlyStop}. */
export const earlyStopRule: OptionRule = option.inside({
  patience: option.required(option.integer(1)),
  minDelta: option.number(0),
} satisfies OptionRules<EarlyStop>);

/** What the choice needs of the options. */
export interface SelectionOptions {
  readonly validation?: unknown;
  readonly earlyStop?: EarlyStop;
  readonly keepBest?: boolean;
  readonly monitor?: Monitor;
  readonly evaluateEvery?: number;
}

/**
 * An epoch that is chosen by the test set makes its accuracy a biased one: only a validation split chooses.
 * @throws BitgradError `invalid-option`
 */
export function checkSelection(options: SelectionOptions): void {
  const { validation, earlyStop, keepBest, monitor, evaluateEvery = 1 } = options;
  const [asked] = Object.entries({ earlyStop, keepBest: keepBest || undefined, monitor }).filter(
    ([, value]) => value !== undefined,
  );
  if (!asked || (validation !== undefined && evaluateEvery > 0)) return;
  const without = validation === undefined;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: `option "${asked[0]}" of createTrainer without ${without ? 'a validation split' : 'evaluations'}`,
    got: asked[1],
    expected: without ? 'validation: a split apart from train and test' : 'evaluateEvery of 1 or more',
    next: without ? 'holdOut(train, 0.1, { seed }) of @bitgrad/datasets gives one.' : undefined,
  });
}

/** Whether a score is better than the best so far. */
export const isBetter = (score: number, best: Best | undefined, { minDelta = 0 }: Partial<EarlyStop> = {}) =>
  best === undefined || score > best.score + minDelta;

/** Whether a run has waited long enough for a better epoch. */
export const hasWaited = (epochsDone: number, best: Best | undefined, stop: EarlyStop | undefined): boolean =>
  stop !== undefined && best !== undefined && epochsDone - (best.epoch + 1) >= stop.patience;
