// The training loop. All that decides how it goes on is in plain values that a checkpoint holds: weights, optimizer
// state, clock and position. Batches, learning rates and schedules are pure functions of those and the options, so a
// resumed run does the same arithmetic, in the same order, as the run that was never stopped.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  advanceClock,
  BitgradError,
  checkOptions,
  option,
  type JsonObject,
  type TrainingClock,
} from '@bitgrad/core';
import { batches, type Batch } from '@bitgrad/datasets';
import { setClock } from '@bitgrad/layers';
import type { EpochEvent, TrainEvent } from './events.js';
import { checkFinite } from './finite.js';
import { createFlipSampler } from './flips.js';
import { createSpeed } from './speed.js';
import { clockAt, scheduledRate } from './schedules.js';
import { trainStep } from './step.js';
import { measureGap } from './gap.js';
import { checkConfig, createLock } from './state.js';
import { resolveOptions, type TrainerOptions } from './trainer-options.js';
import {
  checkClock,
  checkState,
  type TrainerState,
  type TrainingMetrics,
  type TrainingPosition,
} from './trainer-state.js';
import { planRestore, readWeights, trainedVariables } from './weights.js';
import { wrapForQuantizers } from './wrap.js';
import { createYielder } from './yielding.js';

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
   * @throws BitgradError `not-finite` with the step when the loss is NaN or infinite, with the layer when a weight, an
   *   average or the optimizer's state is after an epoch; `invalid-state` when it runs already
   */
  run(options?: { signal?: AbortSignal }): AsyncGenerator<TrainEvent, void, undefined>;
  /** A copy of the state, taken between two steps. */
  exportState(): Promise<TrainerState>;
  /**
   * @throws BitgradError `invalid-file` for a state that cannot be, `incompatible` when it belongs to other options or
   *   another model, `invalid-state` while running; the model is then unchanged
   */
  importState(state: TrainerState): void;
  /** Frees the optimizer's state. The model stays. */
  dispose(): void;
}

const emptyEpoch = { lossSum: 0, correct: 0, seen: 0, flipSum: 0, flipSamples: 0 };

/**
 * Makes a trainer at the start of its run; {@link restoreCheckpoint} moves it elsewhere.
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `unknown-name`, `incompatible`, `disposed`
 */
export function createTrainer(options: TrainerOptions): Trainer {
  const resolved = resolveOptions(options);
  const { model, train, test, epochs, batchSize, seed, normalize, augment, yieldEveryMs } = resolved;
  const { optimizer, learningRate, schedule, loss, clipNorm, classes, config } = resolved;
  const { stepsPerEpoch, totalSteps, evaluateEvery, flipEvery } = resolved;
  const rateAt = (step: number): number => scheduledRate(schedule, learningRate, step, totalSteps);
  let clock: TrainingClock = clockAt(0, 0, totalSteps, rateAt, epochs);
  let position: TrainingPosition = { epoch: 0, batch: 0 };
  let metrics: TrainingMetrics = { ...emptyEpoch, trainSeconds: 0, trainImages: 0, history: [] };
  let running = false;
  const wrapped = wrapForQuantizers(model, optimizer, () => clock);
  const lock = createLock();
  const speed = createSpeed();
  const flips = createFlipSampler(model);
  setClock(model, clock);

  const step = async (batch: Batch, loadSeconds: number): Promise<TrainEvent> => {
    const started = performance.now();
    optimizer.beginStep(clock, (base) => scheduledRate(schedule, base, clock.step, totalSteps));
    const sampled = flipEvery > 0 && position.batch % flipEvery === 0;
    const before = sampled ? flips.snapshot() : undefined;
    const result = await trainStep(model, wrapped, batch, {
      classes,
      loss,
      clipNorm,
      step: clock.step,
    }).catch((cause) => {
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
    await checkFinite(model, `after epoch ${position.epoch}`, optimizer);
    const started = performance.now();
    const wanted = test !== undefined && evaluates(position.epoch);
    const measured = wanted ? await measureGap(model, test, { normalize, signal, yieldEveryMs }) : undefined;
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
    async *run(given = {}) {
      const { signal } = checkOptions('training', 'run', runOptions(given), { signal: option.signal });
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
        trained: model.trainableWeights.length,
        optimizer: await optimizer.exportState(trainedVariables(model)),
      })),
    importState(state) {
      if (running) throw invalidState('importState() of a trainer that runs');
      checkState(state);
      checkConfig(state.config, config);
      checkClock(state.clock, clockAt(state.clock.step, state.clock.epoch, totalSteps, rateAt));
      const { variables, write } = planRestore(model, state);
      optimizer.importState(variables, state.optimizer);
      write();
      ({ position, metrics } = state);
      clock = { ...state.clock, totalEpochs: epochs };
      setClock(model, clock);
    },
    dispose: () => optimizer.dispose(),
  };
}

/** A signal in place of options is easily passed, and would never stop anything. */
const runOptions = (given: { signal?: AbortSignal }): { signal?: AbortSignal } => {
  if (!option.signal.allows(given)) return given;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: 'options of run',
    got: 'a signal',
    expected: '{ signal }',
  });
};

const invalidState = (what: string): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'training',
    what,
    next: 'Stop it by its signal and let the loop over its events end first.',
  });
