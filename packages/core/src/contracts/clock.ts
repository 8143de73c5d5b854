// Time is an argument. A clock is a plain value: the same clock always gives the same schedule values,
// so a resumed run equals the run that was never stopped.
import { expectClock, expectObject } from '../expect.js';

/** Where training stands, before the step that is about to run. */
export interface TrainingClock {
  /** Optimizer steps done so far: 0 at the start. */
  readonly step: number;
  /** Epochs done so far: 0 during the first. */
  readonly epoch: number;
  /** Steps of the whole run, or 0 when it is not known. */
  readonly totalSteps: number;
  /** Epochs of the whole run; absent when not known. */
  readonly totalEpochs?: number;
  /** Learning rate of the step that is about to run. */
  readonly learningRate: number;
  /** Sum of the learning rates of all steps done: ProxConnect's mu is 1 + this (arXiv 2110.13220). */
  readonly learningRateSum: number;
}

/** The clock of a model that does not train: the start of a run of unknown length. */
export const initialClock: TrainingClock = Object.freeze({
  step: 0,
  epoch: 0,
  totalSteps: 0,
  learningRate: 0,
  learningRateSum: 0,
});

/**
 * The clock after one step with `clock.learningRate`.
 * @throws BitgradError `invalid-option` for what is no clock
 */
export function advanceClock(
  clock: TrainingClock,
  next: { learningRate?: number; epoch?: number } = {},
): TrainingClock {
  expectClock('advanceClock', clock);
  expectObject('next of advanceClock', next);
  return Object.freeze({
    ...clock,
    step: clock.step + 1,
    learningRateSum: clock.learningRateSum + clock.learningRate,
    learningRate: next.learningRate ?? clock.learningRate,
    epoch: next.epoch ?? clock.epoch,
  });
}

/**
 * Share of the run's epochs that are done, in [0, 1): the same all through an epoch. Where the number of epochs is not
 * known, the share of its steps.
 * @param ahead epochs to look ahead: 1 gives the share at the end of the epoch, in (0, 1]
 * @throws BitgradError `invalid-option` for what is no clock
 */
export function epochProgress(clock: TrainingClock, ahead: 0 | 1 = 0): number {
  const share = progress(clock);
  return clock.totalEpochs ? Math.min(1, (clock.epoch + ahead) / clock.totalEpochs) : share;
}

/**
 * Share of the run that is done, in [0, 1]; 0 when the length of the run is not known.
 * @throws BitgradError `invalid-option` for what is no clock
 */
export function progress(clock: TrainingClock): number {
  expectClock('progress', clock);
  return clock.totalSteps > 0 ? Math.min(1, clock.step / clock.totalSteps) : 0;
}
