// Callbacks for those who train with model.fit instead of the trainer.
import type { Optimizer } from '@tensorflow/tfjs-core';
import { Callback, type LayersModel } from '@tensorflow/tfjs-layers';
import {
  advanceClock,
  checkOptions,
  initialClock,
  option,
  type OptionRules,
  type TrainingClock,
} from '@bitgrad/core';
import { applyConstraints, flipRatio, setClock, signSnapshot, type SignSnapshot } from '@bitgrad/layers';
import { checkFinite } from './finite.js';
import { settleRates } from './optimizers/rates.js';
import type { StatefulOptimizer } from './optimizers/step-optimizer.js';
import {
  clockAt,
  resolveSchedule,
  scheduledRate,
  scheduleRule,
  type LearningRateSchedule,
  type ScheduleSpec,
} from './schedules.js';

/** Options of {@link ClockCallback}. */
export interface ClockCallbackOptions {
  /**
   * Base learning rate; default: the rate of the model's optimizer. An optimizer of this package that was given another one
   * is an error.
   */
  readonly learningRate?: number;
  /** Default `constant`. */
  readonly schedule?: ScheduleSpec;
  /** Steps of an epoch; needed with `fitDataset` when it is not told `batchesPerEpoch`. */
  readonly stepsPerEpoch?: number;
}

type Rated = Optimizer &
  Partial<Pick<StatefulOptimizer, 'beginStep' | 'rated' | 'slotsOf'>> & { learningRate?: number };

const clockRules: OptionRules<ClockCallbackOptions> = {
  learningRate: option.positive,
  schedule: scheduleRule,
  stepsPerEpoch: option.integer(1),
};

/** What a callback left in an optimizer of TensorFlow.js, whose rate is its only memory, until its `fit` ends. */
const unfinished = new WeakMap<object, { readonly base: number; readonly left: number }>();

/**
 * Drives what `model.fit` does not know of: before each batch it tells every quantized layer the training clock and
 * gives the optimizer its learning rate; after each batch it applies weight constraints, which tfjs-layers 4.22 keeps
 * but never applies; after each epoch it looks for NaN. The clock starts at `initialEpoch` times the steps of an epoch, and
 * the optimizer has its base rate back when `fit` ends.
 * @throws BitgradError from `fit`: `invalid-option` when the callback and the optimizer were given different rates,
 *   `not-finite` that names the layer when a weight, an average or the optimizer's state is NaN or infinite after an epoch
 */
export class ClockCallback extends Callback {
  private readonly options: ClockCallbackOptions;
  private readonly schedule: Required<LearningRateSchedule>;
  private base = 0;
  private begun = false;
  private stepsPerEpoch = 0;
  private now: TrainingClock = initialClock;

  constructor(options: ClockCallbackOptions = {}) {
    super();
    this.options = checkOptions('training', 'ClockCallback', options, clockRules);
    this.schedule = resolveSchedule(options.schedule);
  }

  /** The clock of the batch that runs, or of the one that is next. */
  clock(): TrainingClock {
    return this.now;
  }

  private get optimizer(): Rated {
    return this.model.optimizer as Rated;
  }

  private rateOf(base: number, step: number): number {
    const { totalSteps } = this.now;
    return scheduledRate(this.schedule, base, step, { totalSteps, stepsPerEpoch: this.stepsPerEpoch });
  }

  override async onTrainBegin(): Promise<void> {
    const { epochs = 0, steps, samples, batchSize } = this.params as Record<string, number | undefined>;
    const computed = steps ?? (samples && batchSize ? Math.ceil(samples / batchSize) : 0);
    this.stepsPerEpoch = this.options.stepsPerEpoch ?? computed;
    this.base = baseRateOf(this.optimizer, this.options.learningRate);
    this.begun = false;
    this.now = {
      ...initialClock,
      totalSteps: this.stepsPerEpoch * epochs,
      ...(epochs && { totalEpochs: epochs }),
    };
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    // fitDataset does not say its initialEpoch; the first epoch that begins is it.
    this.now = this.begun
      ? { ...this.now, epoch }
      : clockAt(
          epoch * this.stepsPerEpoch,
          epoch,
          this.now.totalSteps,
          (step) => this.rateOf(this.base, step),
          this.now.totalEpochs,
        );
    this.begun = true;
  }

  override async onBatchBegin(): Promise<void> {
    setClock(this.model, this.now);
    const { step, learningRate } = this.now;
    if (this.optimizer.beginStep) this.optimizer.beginStep(this.now, (base) => this.rateOf(base, step));
    else if (typeof this.optimizer.learningRate === 'number') {
      this.optimizer.learningRate = learningRate;
      unfinished.set(this.optimizer, { base: this.base, left: learningRate });
    }
  }

  override async onBatchEnd(): Promise<void> {
    applyConstraints(this.model);
    this.now = advanceClock(this.now, { learningRate: this.rateOf(this.base, this.now.step + 1) });
    setClock(this.model, this.now);
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    await checkFinite(this.model as LayersModel, `after epoch ${epoch}`, this.optimizer);
  }

  override async onTrainEnd(): Promise<void> {
    if (this.optimizer.beginStep) this.optimizer.beginStep(this.now, (base) => base);
    else if (typeof this.optimizer.learningRate === 'number') this.optimizer.learningRate = this.base;
    unfinished.delete(this.optimizer);
  }
}

/** The rate that a schedule scales: the callback's, else the optimizer's. One of tfjs always has one, and does not say
 * whether it was given; there the callback's counts. */
function baseRateOf(optimizer: Rated, given: number | undefined): number {
  if (optimizer.rated) return settleRates(optimizer as unknown as StatefulOptimizer, given, 'ClockCallback');
  const { learningRate: present = 0 } = optimizer;
  const earlier = unfinished.get(optimizer);
  // A fit that failed did not give the rate back.
  return given ?? (earlier && earlier.left === present ? earlier.base : present);
}

/** Options of {@link FlipRatioCallback}. */
export interface FlipRatioOptions {
  /** Sample every so many batches; default 50. */
  readonly every?: number;
  /** Called after each sampled batch with its ratio, in [0, 1]. */
  readonly onSample?: (ratio: number, step: number) => void;
}

const flipRules: OptionRules<FlipRatioOptions> = { every: option.integer(1), onSample: option.callback };

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

  constructor(options: FlipRatioOptions = {}) {
    super();
    const { every = 50, onSample } = checkOptions('training', 'FlipRatioCallback', options, flipRules);
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
