// Callbacks for those who train with model.fit instead of the trainer.
import type { Optimizer } from '@tensorflow/tfjs-core';
import { Callback } from '@tensorflow/tfjs-layers';
import { advanceClock, initialClock, type TrainingClock } from '@bitgrad/core';
import { applyConstraints, flipRatio, setClock, signSnapshot, type SignSnapshot } from '@bitgrad/layers';
import { learningRateAt, resolveSchedule, type ScheduleSpec } from './schedules.js';

/** Options of {@link ClockCallback}. */
export interface ClockCallbackOptions {
  /** Base learning rate; default: the rate of the model's optimizer. */
  readonly learningRate?: number;
  /** Default `constant`. */
  readonly schedule?: ScheduleSpec;
  /** Steps of an epoch; needed with `fitDataset` when it is not told `batchesPerEpoch`. */
  readonly stepsPerEpoch?: number;
}

type WithRate = Optimizer & { learningRate?: number; beginStep?: (clock: TrainingClock) => void };

/**
 * Drives what `model.fit` does not know of: before each batch it tells every quantized layer the training clock and
 * gives the optimizer its learning rate; after each batch it applies weight constraints, which tfjs-layers 4.22 keeps
 * but never applies. One object serves one `fit`; a later `fit` with it starts again at step 0.
 */
export class ClockCallback extends Callback {
  private readonly options: ClockCallbackOptions;
  private base = 0;
  private now: TrainingClock = initialClock;

  constructor(options: ClockCallbackOptions = {}) {
    super();
    this.options = options;
    resolveSchedule(options.schedule);
  }

  /** The clock of the batch that runs, or of the one that is next. */
  clock(): TrainingClock {
    return this.now;
  }

  private get optimizer(): WithRate {
    return this.model.optimizer as WithRate;
  }

  private rateAt(step: number): number {
    return learningRateAt(this.base, this.options.schedule ?? 'constant', step, this.now.totalSteps);
  }

  override async onTrainBegin(): Promise<void> {
    const { epochs = 0, steps, samples, batchSize } = this.params as Record<string, number | undefined>;
    const computed = steps ?? (samples && batchSize ? Math.ceil(samples / batchSize) : 0);
    this.base = this.options.learningRate ?? this.optimizer.learningRate ?? 0;
    this.now = { ...initialClock, totalSteps: (this.options.stepsPerEpoch ?? computed) * epochs };
    this.now = { ...this.now, learningRate: this.rateAt(0) };
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.now = { ...this.now, epoch };
  }

  override async onBatchBegin(): Promise<void> {
    setClock(this.model, this.now);
    if (this.optimizer.beginStep) this.optimizer.beginStep(this.now);
    else if (typeof this.optimizer.learningRate === 'number')
      this.optimizer.learningRate = this.now.learningRate;
  }

  override async onBatchEnd(): Promise<void> {
    applyConstraints(this.model);
    this.now = advanceClock(this.now, { learningRate: this.rateAt(this.now.step + 1) });
    setClock(this.model, this.now);
  }
}

/** Options of {@link FlipRatioCallback}. */
export interface FlipRatioOptions {
  /** Sample every so many batches; default 50. */
  readonly every?: number;
  /** Called after each sampled batch with its ratio, in [0, 1]. */
  readonly onSample?: (ratio: number, step: number) => void;
}

/**
 * The flip ratio as a metric of `model.fit`: the share of binary kernel signs that a batch changes, sampled; its mean
 * over the epoch is logged as `flipRatio` and appears in the history. Put it after {@link ClockCallback}.
 */
export class FlipRatioCallback extends Callback {
  private readonly every: number;
  private readonly onSample: FlipRatioOptions['onSample'];
  private step = 0;
  private ratios: number[] = [];
  private before: SignSnapshot | undefined;

  constructor({ every = 50, onSample }: FlipRatioOptions = {}) {
    super();
    this.every = every;
    this.onSample = onSample;
  }

  override async onEpochBegin(): Promise<void> {
    this.ratios = [];
  }

  override async onBatchBegin(): Promise<void> {
    this.before = this.step % this.every === 0 ? signSnapshot(this.model) : undefined;
  }

  override async onBatchEnd(): Promise<void> {
    this.step += 1;
    if (!this.before) return;
    const { ratio } = flipRatio(this.before, signSnapshot(this.model));
    this.ratios.push(ratio);
    this.onSample?.(ratio, this.step);
  }

  override async onEpochEnd(_epoch: number, logs?: Record<string, unknown>): Promise<void> {
    if (logs && this.ratios.length > 0)
      logs.flipRatio = this.ratios.reduce((sum, ratio) => sum + ratio, 0) / this.ratios.length;
  }
}
