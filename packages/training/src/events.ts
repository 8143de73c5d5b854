// What a trainer tells while it runs.
import type { GapEvaluation } from './gap.js';
import type { TrainingMetrics, TrainingPosition } from './trainer-state.js';

/** Where in a run of several stages an event is. */
export interface InStage {
  /** Name of the stage; absent where there is one only. */
  readonly stage?: string;
}

/** After each step. */
export interface StepEvent extends InStage {
  readonly type: 'step';
  /** Steps done. */
  readonly step: number;
  readonly totalSteps: number;
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Steps done in this epoch. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Mean loss of this step's batch. */
  readonly loss: number;
  /** Mean loss over the epoch so far. */
  readonly meanLoss: number;
  /** Share of the epoch's images so far that were right before their update, in [0, 1]; null of values. */
  readonly accuracy: number | null;
  readonly learningRate: number;
  /** Images a second over the last steps, evaluation and the caller's own work not counted. */
  readonly imagesPerSecond: number;
  /** Estimated seconds to the end, evaluation included. */
  readonly etaSeconds: number;
  /** Share of the binary kernels' signs that this step changed; only in sampled steps. */
  readonly flipRatio?: number;
}

/** After each epoch, with its evaluation. Kept in checkpoints. */
export interface EpochEvent extends InStage {
  readonly type: 'epoch';
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done. */
  readonly step: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
  /** Training accuracy, in [0, 1], measured in passing: each batch before its update; null of values. */
  readonly accuracy: number | null;
  /** Mean of the sampled flip ratios of the epoch; null when none was sampled. */
  readonly flipRatio: number | null;
  /** Test accuracy at the levels of deployment, in [0, 1]; null when not evaluated. */
  readonly hardenedTestAccuracy: number | null;
  /** Test accuracy as trained; equal to the hardened one for quantizers that are not soft. */
  readonly softTestAccuracy: number | null;
  /** The soft accuracy minus the hardened one, of the split that was evaluated: large when the quantizer is still far from its levels. */
  readonly softToHardGap: number | null;
  /** Mean loss on the test split at the levels of deployment; null or absent when not evaluated. */
  readonly testLoss?: number | null;
  /** Of the validation split, at the levels of deployment; absent when not evaluated. */
  readonly validationAccuracy?: number | null;
  readonly validationLoss?: number;
  /** Of the validation split, as trained. */
  readonly softValidationAccuracy?: number | null;
  /** Training seconds since the start of the run, evaluation and pauses not counted. */
  readonly seconds: number;
}

/** Before what takes long: an epoch's training, an evaluation. */
export interface PhaseEvent extends InStage {
  readonly type: 'phase';
  readonly phase: 'training' | 'validation' | 'test';
  /** Number of the epoch, from 0; of the last one done after the end. */
  readonly epoch: number;
  /** Images that it goes through. */
  readonly images: number;
}

/** What the model at the end of a run with a validation split does on the test split, which nothing was chosen by. */
export interface FinalFigures {
  /** Number of the epoch whose weights the model has: the best one where it is kept, else the last. */
  readonly epoch: number;
  readonly hardenedTestAccuracy: number | null;
  readonly softTestAccuracy: number | null;
  readonly softToHardGap: number | null;
  readonly testLoss: number | null;
}

/** The last event of a run that came to its end (`end`), or was stopped by its signal (`stopped`). */
export interface FinishEvent {
  readonly type: 'end' | 'stopped';
  readonly step: number;
  readonly epoch: number;
  /** Of a run with a validation split, at its end. */
  readonly final?: FinalFigures;
}

/** An event of a trainer. */
export type TrainEvent = StepEvent | EpochEvent | PhaseEvent | FinishEvent;

/** What an {@link EpochEvent} is made of. */
interface EpochDone {
  readonly metrics: TrainingMetrics;
  readonly position: TrainingPosition;
  readonly epochs: number;
  readonly step: number;
  readonly measured: GapEvaluation | undefined;
  /** Whether the test split was measured, and not the validation split. */
  readonly ofTest: boolean;
  /** Whether the labels are values, of which there is no accuracy. */
  readonly ofValues: boolean;
}

/** The event of an epoch that is done. */
export function epochEvent({
  metrics,
  position,
  epochs,
  step,
  measured,
  ofTest,
  ofValues,
}: EpochDone): EpochEvent {
  const tested = ofTest ? measured : undefined;
  const validated = ofTest ? undefined : measured;
  return {
    type: 'epoch',
    epoch: position.epoch,
    epochs,
    step,
    loss: metrics.lossSum / metrics.seen,
    accuracy: ofValues ? null : metrics.correct / metrics.seen,
    flipRatio: metrics.flipSamples ? metrics.flipSum / metrics.flipSamples : null,
    hardenedTestAccuracy: tested?.hardenedTestAccuracy ?? null,
    softTestAccuracy: tested?.softTestAccuracy ?? null,
    softToHardGap: measured?.softToHardGap ?? null,
    ...(tested && { testLoss: tested.hardened.loss }),
    ...(validated && {
      validationAccuracy: validated.hardenedTestAccuracy,
      validationLoss: validated.hardened.loss,
      softValidationAccuracy: validated.softTestAccuracy,
    }),
    seconds: metrics.trainSeconds,
  };
}

/** The figures at the end. @param measured on the test split, where there is one */
export const finalFigures = (epoch: number, measured: GapEvaluation | undefined): FinalFigures => ({
  epoch,
  hardenedTestAccuracy: measured?.hardenedTestAccuracy ?? null,
  softTestAccuracy: measured?.softTestAccuracy ?? null,
  softToHardGap: measured?.softToHardGap ?? null,
  testLoss: measured?.hardened.loss ?? null,
});
