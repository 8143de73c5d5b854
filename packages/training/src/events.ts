// What a trainer tells while it runs.

/** After each step. */
export interface StepEvent {
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
  /** Share of the epoch's images so far that were right before their update, in [0, 1]. */
  readonly accuracy: number;
  readonly learningRate: number;
  /** Images a second over the last steps, evaluation and the caller's own work not counted. */
  readonly imagesPerSecond: number;
  /** Estimated seconds to the end, evaluation included. */
  readonly etaSeconds: number;
  /** Share of the binary kernels' signs that this step changed; only in sampled steps. */
  readonly flipRatio?: number;
}

/** After each epoch, with its evaluation. Kept in checkpoints. */
export interface EpochEvent {
  readonly type: 'epoch';
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done. */
  readonly step: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
  /** Training accuracy, in [0, 1], measured in passing: each batch before its update. */
  readonly accuracy: number;
  /** Mean of the sampled flip ratios of the epoch; null when none was sampled. */
  readonly flipRatio: number | null;
  /** Test accuracy at the levels of deployment, in [0, 1]; null when not evaluated. */
  readonly hardenedTestAccuracy: number | null;
  /** Test accuracy as trained; equal to the hardened one for quantizers that are not soft. */
  readonly softTestAccuracy: number | null;
  /** `softTestAccuracy - hardenedTestAccuracy`: large when the quantizer is still far from its levels. */
  readonly softToHardGap: number | null;
  /** Training seconds since the start of the run, evaluation and pauses not counted. */
  readonly seconds: number;
}

/** The last event of a run that came to its end (`end`), or was stopped by its signal (`stopped`). */
export interface FinishEvent {
  readonly type: 'end' | 'stopped';
  readonly step: number;
  readonly epoch: number;
}

/** An event of a trainer. */
export type TrainEvent = StepEvent | EpochEvent | FinishEvent;
