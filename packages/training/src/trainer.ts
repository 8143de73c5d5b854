// The training loop. All that decides how it goes on is in plain values that a checkpoint holds: weights, optimizer
// state, clock and position. Batches, learning rates and schedules are pure functions of those and the options, so a
// resumed run does the same arithmetic, in the same order, as the run that was never stopped.
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { advanceClock, BitgradError, initialClock, type JsonObject, type TrainingClock } from '@bitgrad/core';
import {
  batchCount,
  batches,
  symmetricNormalization,
  type Augmentation,
  type Batch,
  type Normalization,
  type Split,
} from '@bitgrad/datasets';
import { setClock } from '@bitgrad/layers';
import { classCount } from './evaluate.js';
import type { EpochEvent, TrainEvent } from './events.js';
import { createFlipSampler } from './flips.js';
import { createOptimizer, type OptimizerConfig } from './optimizers/config.js';
import type { OptimizerState, StatefulOptimizer } from './optimizers/stepOptimizer.js';
import { createSpeed } from './speed.js';
import { learningRateAt, resolveSchedule, type ScheduleSpec } from './schedules.js';
import { crossEntropy, trainStep, type LossFunction } from './step.js';
import { evaluateGap } from './gap.js';
import {
  checkConfig,
  createLock,
  integerFrom,
  readWeights,
  splitChecksum,
  writeWeights,
  type WeightValues,
} from './state.js';
import { wrapForQuantizers } from './wrap.js';
import { createYielder } from './yielding.js';

/** What to train, on what, and how. */
export interface TrainerOptions {
  /** A tfjs-layers model that gives logits [n, classes]; trained in place, not disposed. */
  readonly model: LayersModel;
  readonly train: Split;
  /** Evaluated after each epoch; without it epochs have no test accuracy. */
  readonly test?: Split;
  readonly epochs: number;
  /** Images a step; default 64. The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Decides order and augmentation; default 0. */
  readonly seed?: number;
  /** Default `{ name: 'adam' }`. An object of your own is used as it is, and disposed with the trainer. */
  readonly optimizer?: OptimizerConfig | StatefulOptimizer;
  /** Base learning rate; default 0.001. */
  readonly learningRate?: number;
  /** Default `cosine`. */
  readonly schedule?: ScheduleSpec;
  /** Default bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  /** Default none. */
  readonly augment?: Augmentation;
  /** Default mean softmax cross-entropy. */
  readonly loss?: LossFunction;
  /** Evaluate after every so many epochs and after the last; default 1; 0: never. */
  readonly evaluateEvery?: number;
  /** Sample the flip ratio in every so many steps of an epoch, the first included; default 50; 0: never. */
  readonly flipEvery?: number;
  /** Give the event loop a turn at least this often, in milliseconds; default 40. */
  readonly yieldEveryMs?: number;
}

/** Where training stands: epochs done, and steps done in the present one. */
export interface TrainingPosition {
  readonly epoch: number;
  readonly batch: number;
}

/** Sums over the present epoch, and what is known of the past ones. */
export interface TrainingMetrics {
  readonly lossSum: number;
  readonly correct: number;
  readonly seen: number;
  readonly flipSum: number;
  readonly flipSamples: number;
  /** Over the whole run, evaluation and pauses not counted. */
  readonly trainSeconds: number;
  readonly trainImages: number;
  readonly history: readonly EpochEvent[];
}

/** All of a trainer's state, as plain data. */
export interface TrainerState {
  /** The options that decide the result. */
  readonly config: JsonObject;
  readonly clock: TrainingClock;
  readonly position: TrainingPosition;
  readonly metrics: TrainingMetrics;
  readonly weights: readonly WeightValues[];
  readonly optimizer: OptimizerState;
}

/** A training run. */
export interface Trainer {
  readonly model: LayersModel;
  readonly config: JsonObject;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  clock(): TrainingClock;
  position(): TrainingPosition;
  metrics(): TrainingMetrics;
  /**
   * Trains from where it stands. Between two events nothing runs: save, evaluate or wait as you like.
   * @param options.signal stops it after the step that is running, with a `stopped` event; `run()` goes on later
   * @throws BitgradError `not-finite` with the step when the loss is NaN or infinite; `invalid-state` when it runs already
   */
  run(options?: { signal?: AbortSignal }): AsyncGenerator<TrainEvent, void, undefined>;
  /** A copy of the state, taken between two steps. */
  exportState(): Promise<TrainerState>;
  /** @throws BitgradError `incompatible` when the state belongs to other options, `invalid-state` while running */
  importState(state: TrainerState): void;
  /** Frees the optimizer's state. The model stays. */
  dispose(): void;
}

const emptyEpoch = { lossSum: 0, correct: 0, seen: 0, flipSum: 0, flipSamples: 0 };
const isOptimizer = (x: OptimizerConfig | StatefulOptimizer): x is StatefulOptimizer =>
  typeof (x as StatefulOptimizer).applyGradients === 'function';

/**
 * Makes a trainer at the start of its run; {@link restoreCheckpoint} moves it elsewhere.
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `incompatible`
 */
export function createTrainer(options: TrainerOptions): Trainer {
  const { model, train, test, seed = 0, normalize = symmetricNormalization, augment } = options;
  const { learningRate = 0.001, loss = crossEntropy, yieldEveryMs = 40 } = options;
  const epochs = integerFrom('epochs', options.epochs, 1);
  const batchSize = integerFrom('batchSize', options.batchSize ?? 64, 1);
  const evaluateEvery = integerFrom('evaluateEvery', options.evaluateEvery ?? 1, 0);
  const flipEvery = integerFrom('flipEvery', options.flipEvery ?? 50, 0);
  const schedule = resolveSchedule(options.schedule ?? 'cosine');
  const given = options.optimizer ?? { name: 'adam' };
  const optimizer = isOptimizer(given) ? given : createOptimizer(given, model);
  const classes = classCount(model);
  const stepsPerEpoch = batchCount(train, { batchSize });
  const totalSteps = stepsPerEpoch * epochs;
  if (stepsPerEpoch === 0 || !(learningRate > 0 && learningRate < Infinity))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: stepsPerEpoch === 0 ? 'training split' : 'learningRate',
      got: stepsPerEpoch === 0 ? 'no images' : learningRate,
      expected: stepsPerEpoch === 0 ? 'at least one image' : 'a finite number above 0',
    });
  const rateAt = (step: number): number => learningRateAt(learningRate, schedule, step, totalSteps);
  // JSON round trip: what a checkpoint holds compares equal to what a new trainer computes.
  const config = JSON.parse(
    JSON.stringify({
      epochs,
      batchSize,
      seed,
      learningRate,
      schedule,
      normalize,
      augment: augment ?? null,
      optimizer: optimizer.getConfig(),
      trainImages: train.size,
      trainChecksum: splitChecksum(train),
      imageShape: train.shape,
      classes,
    }),
  ) as JsonObject;

  let clock: TrainingClock = Object.freeze({ ...initialClock, totalSteps, learningRate: rateAt(0) });
  let position: TrainingPosition = { epoch: 0, batch: 0 };
  let metrics: TrainingMetrics = { ...emptyEpoch, trainSeconds: 0, trainImages: 0, history: [] };
  let running = false;
  const wrapped = wrapForQuantizers(model, optimizer, () => clock);
  const lock = createLock();
  const speed = createSpeed();
  const flips = createFlipSampler(model);
  const variables = (): tf.Variable[] => model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  setClock(model, clock);

  const step = async (batch: Batch, loadSeconds: number): Promise<TrainEvent> => {
    const started = performance.now();
    optimizer.beginStep(clock);
    const sampled = flipEvery > 0 && position.batch % flipEvery === 0;
    const before = sampled ? flips.snapshot() : undefined;
    const result = await trainStep(model, wrapped, batch, classes, loss, clock.step).catch((cause) => {
      flips.dispose(before);
      throw cause;
    });
    const flipRatio = before ? await flips.since(before) : undefined;
    const seconds = loadSeconds + (performance.now() - started) / 1000;
    const { learningRate: rate } = clock;
    clock = advanceClock(clock, { learningRate: rateAt(clock.step + 1) });
    // Between steps the model is at the clock of the next one, as after a resume.
    setClock(model, clock);
    position = { epoch: position.epoch, batch: position.batch + 1 };
    metrics = {
      ...metrics,
      lossSum: metrics.lossSum + result.loss * batch.size,
      correct: metrics.correct + result.correct,
      seen: metrics.seen + batch.size,
      flipSum: metrics.flipSum + (flipRatio ?? 0),
      flipSamples: metrics.flipSamples + (flipRatio === undefined ? 0 : 1),
      trainSeconds: metrics.trainSeconds + seconds,
      trainImages: metrics.trainImages + batch.size,
    };
    speed.addStep(batch.size, seconds);
    return {
      type: 'step',
      step: clock.step,
      totalSteps,
      epoch: position.epoch,
      batch: position.batch,
      stepsPerEpoch,
      loss: result.loss,
      meanLoss: metrics.lossSum / metrics.seen,
      accuracy: metrics.correct / metrics.seen,
      learningRate: rate,
      imagesPerSecond: speed.imagesPerSecond(),
      etaSeconds: speed.etaSeconds(totalSteps - clock.step, evaluationsLeft()),
      ...(flipRatio === undefined ? {} : { flipRatio }),
    };
  };

  const evaluates = (epoch: number): boolean =>
    test !== undefined && evaluateEvery > 0 && ((epoch + 1) % evaluateEvery === 0 || epoch + 1 === epochs);
  const evaluationsLeft = (): number =>
    Array.from({ length: epochs - position.epoch }, (_, i) => evaluates(position.epoch + i)).filter(Boolean)
      .length;

  /** Undefined when the signal stopped the evaluation; then the next run does it again. */
  const finishEpoch = async (signal?: AbortSignal): Promise<EpochEvent | undefined> => {
    const started = performance.now();
    const wanted = test !== undefined && evaluates(position.epoch);
    const measured = wanted ? await evaluateGap(model, test, { normalize, signal, yieldEveryMs }) : undefined;
    if (wanted && !measured) return undefined;
    if (wanted) speed.addEvaluation((performance.now() - started) / 1000);
    const event: EpochEvent = {
      type: 'epoch',
      epoch: position.epoch,
      epochs,
      step: clock.step,
      loss: metrics.lossSum / metrics.seen,
      accuracy: metrics.correct / metrics.seen,
      flipRatio: metrics.flipSamples ? metrics.flipSum / metrics.flipSamples : null,
      hardenedTestAccuracy: measured?.hardenedTestAccuracy ?? null,
      softTestAccuracy: measured?.softTestAccuracy ?? null,
      softToHardGap: measured?.softToHardGap ?? null,
      seconds: metrics.trainSeconds,
    };
    metrics = { ...metrics, ...emptyEpoch, history: [...metrics.history, event] };
    position = { epoch: position.epoch + 1, batch: 0 };
    clock = Object.freeze({ ...clock, epoch: position.epoch });
    setClock(model, clock);
    return event;
  };

  async function* epoch(signal?: AbortSignal): AsyncGenerator<TrainEvent, void, undefined> {
    const yielded = createYielder(yieldEveryMs);
    const source = batches(train, {
      batchSize,
      seed,
      normalize,
      augment,
      epoch: position.epoch,
      startBatch: position.batch,
    });
    while (position.batch < stepsPerEpoch && !signal?.aborted) {
      const started = performance.now();
      const batch = source.next();
      if (batch.done) break;
      const loadSeconds = (performance.now() - started) / 1000;
      yield await lock(() => step(batch.value, loadSeconds));
      await yielded();
    }
    if (signal?.aborted) return;
    const event = await lock(() => finishEpoch(signal));
    if (event) yield event;
  }

  return {
    model,
    config,
    stepsPerEpoch,
    totalSteps,
    clock: () => clock,
    position: () => position,
    metrics: () => metrics,
    async *run({ signal } = {}) {
      if (running) throw invalidState('run() of a trainer that runs already');
      running = true;
      try {
        while (position.epoch < epochs && !signal?.aborted) yield* epoch(signal);
        const type = position.epoch < epochs ? ('stopped' as const) : ('end' as const);
        yield { type, step: clock.step, epoch: position.epoch };
      } finally {
        running = false;
      }
    },
    exportState: () =>
      lock(async () => ({
        config,
        clock,
        position,
        metrics,
        weights: await readWeights(model),
        optimizer: await optimizer.exportState(variables()),
      })),
    importState(state) {
      if (running) throw invalidState('importState() of a trainer that runs');
      checkConfig(state.config, config);
      writeWeights(model, state.weights);
      optimizer.importState(variables(), state.optimizer);
      ({ clock, position, metrics } = state);
      setClock(model, clock);
    },
    dispose: () => optimizer.dispose(),
  };
}

const invalidState = (what: string): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'training',
    what,
    next: 'Stop it by its signal and let the loop over its events end first.',
  });
