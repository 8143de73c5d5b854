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
import { batches, type Batch, type Examples } from '@bitgrad/datasets';
import { setClock } from '@bitgrad/layers';
import { epochEvent, finalFigures, type EpochEvent, type PhaseEvent, type TrainEvent } from './events.js';
import { checkFinite } from './finite.js';
import { createFlipSampler } from './flips.js';
import { createSpeed } from './speed.js';
import { clockAt, rateOfRun, scheduledRate, type Lengthening } from './schedules.js';
import { hasWaited, isBetter, type Best } from './selection.js';
import { trainStep } from './step.js';
import { measureGap, type GapEvaluation } from './gap.js';
import { createLock, lengthened } from './state.js';
import { resolveOptions, type TrainerOptions } from './trainer-options.js';
import {
  checkClock,
  checkState,
  type TrainerState,
  type TrainingMetrics,
  type TrainingPosition,
} from './trainer-state.js';
import { planRestore, readWeights, trainedVariables, withValues, type WeightValues } from './weights.js';
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
  /** Whether the run is at its end: its last epoch, or the one after which it stopped early, and all that follows it. */
  finished(): boolean;
  /** The epoch whose weights the model has: the best one at the end of a run that keeps it, else undefined. */
  kept(): Best | undefined;
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
   * Goes on from a state. Of the options that decide the result the number of epochs may be larger than it was, and the
   * patience of an early stop another: the rates of steps to come are then those of the longer run.
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
  const { model, train, test, validation, epochs, batchSize, seed, normalize, augment } = resolved;
  const { optimizer, learningRate, schedule, loss, clipNorm, answers, threshold, config, yieldEveryMs } =
    resolved;
  const ofValues = answers.kind === 'values';
  const { stepsPerEpoch, totalSteps, evaluateEvery, flipEvery, earlyStop, keepBest, monitor } = resolved;
  const length = { totalSteps, stepsPerEpoch };
  let lengthenings: readonly Lengthening[] = [];
  const rateAt = (step: number): number => rateOfRun(schedule, learningRate, step, length, lengthenings);
  let clock: TrainingClock = clockAt(0, 0, totalSteps, rateAt, epochs);
  let position: TrainingPosition = { epoch: 0, batch: 0 };
  let metrics: TrainingMetrics = { ...emptyEpoch, trainSeconds: 0, trainImages: 0, history: [] };
  let best: Best | undefined;
  /** Weights of the last step, while the model has those of the best epoch. */
  let shelved: readonly WeightValues[] | undefined;
  let running = false;
  const wrapped = wrapForQuantizers(model, optimizer, () => clock);
  const lock = createLock();
  const speed = createSpeed();
  const flips = createFlipSampler(model);
  setClock(model, clock);

  const step = async (batch: Batch, loadSeconds: number): Promise<TrainEvent> => {
    const started = performance.now();
    optimizer.beginStep(clock, (base) => scheduledRate(schedule, base, clock.step, length));
    const sampled = flipEvery > 0 && position.batch % flipEvery === 0;
    const before = sampled ? flips.snapshot() : undefined;
    const result = await trainStep(model, wrapped, batch, {
      answers,
      threshold,
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
      accuracy: ofValues ? null : metrics.correct / metrics.seen,
      learningRate: rate,
      imagesPerSecond: speed.imagesPerSecond(),
      etaSeconds: speed.etaSeconds(totalSteps - clock.step, evaluationsLeft()),
      ...(flipRatio === undefined ? {} : { flipRatio }),
    };
  };

  const watched = validation ?? test;
  const evaluates = (epoch: number): boolean =>
    watched !== undefined && evaluateEvery > 0 && ((epoch + 1) % evaluateEvery === 0 || epoch + 1 === epochs);
  const evaluationsLeft = (): number =>
    Array.from({ length: epochs - position.epoch }, (_, i) => evaluates(position.epoch + i)).filter(Boolean)
      .length;
  const phase = (name: PhaseEvent['phase'], images: number): PhaseEvent => ({
    type: 'phase',
    phase: name,
    epoch: position.epoch,
    images,
  });
  const measureOn = async (split: Examples, signal?: AbortSignal): Promise<GapEvaluation | undefined> => {
    const started = performance.now();
    const measured = await measureGap(model, split, {
      normalize,
      signal,
      yieldEveryMs,
      loss: resolved.plainLoss,
    });
    if (measured) speed.addEvaluation((performance.now() - started) / 1000);
    return measured;
  };

  /** Undefined when the signal stopped the evaluation; then the next run does it again. */
  const finishEpoch = async (signal?: AbortSignal): Promise<EpochEvent | undefined> => {
    const wanted = evaluates(position.epoch) ? watched : undefined;
    const measured = wanted && (await measureOn(wanted, signal));
    if (wanted && !measured) return undefined;
    const event = epochEvent({
      metrics,
      position,
      epochs,
      step: clock.step,
      measured,
      ofTest: !validation,
      ofValues,
    });
    metrics = { ...metrics, ...emptyEpoch, history: [...metrics.history, event] };
    position = { epoch: position.epoch + 1, batch: 0 };
    clock = Object.freeze({ ...clock, epoch: position.epoch });
    setClock(model, clock);
    const { loss: missed, accuracy } = measured?.hardened ?? {};
    const score = monitor === 'accuracy' ? accuracy : missed === undefined ? undefined : -missed;
    if (validation && typeof score === 'number' && isBetter(score, best, earlyStop)) {
      const weights = keepBest ? (await readWeights(model)).map(({ values }) => values) : undefined;
      best = { epoch: event.epoch, score, clock, ...(weights && { weights }) };
    }
    return event;
  };

  const atEnd = (): boolean => position.epoch >= epochs || hasWaited(position.epoch, best, earlyStop);
  const finished = (): boolean => atEnd() && (metrics.final !== undefined || !validation);

  /** Gives the model the weights of the best epoch, where they are kept. */
  const showBest = async (): Promise<void> => {
    if (!best?.weights || shelved) return;
    const last = await readWeights(model);
    planRestore(model, { weights: withValues(last, best.weights), trained: trainedCount() }).write();
    shelved = last;
    setClock(model, best.clock);
  };

  /** What follows the last epoch of a run with a validation split; undefined when the signal stopped it. */
  const conclude = async (signal?: AbortSignal): Promise<void> => {
    await showBest();
    const measured = test && (await measureOn(test, signal));
    if (test && !measured) return;
    const epoch = shelved ? best!.epoch : position.epoch - 1;
    metrics = { ...metrics, final: finalFigures(epoch, measured) };
  };
  const trainedCount = (): number => model.trainableWeights.length;

  async function* epoch(signal?: AbortSignal): AsyncGenerator<TrainEvent, void, undefined> {
    const yielded = createYielder(yieldEveryMs);
    yield phase('training', train.size);
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
    await lock(() => checkFinite(model, `after epoch ${position.epoch}`, optimizer));
    if (watched && evaluates(position.epoch)) yield phase(validation ? 'validation' : 'test', watched.size);
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
    finished,
    kept: () => (shelved ? best : undefined),
    async *run(given = {}) {
      const { signal } = checkOptions('training', 'run', runOptions(given), { signal: option.signal });
      if (running) throw invalidState('run() of a trainer that runs already');
      running = true;
      try {
        while (!atEnd() && !signal?.aborted) yield* epoch(signal);
        if (atEnd() && !finished()) {
          if (test) yield phase('test', test.size);
          await lock(() => conclude(signal));
        }
        const { final } = metrics;
        const type = finished() ? ('end' as const) : ('stopped' as const);
        yield { type, step: clock.step, epoch: position.epoch, ...(final && { final }) };
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
        weights: shelved ?? (await readWeights(model)),
        trained: trainedCount(),
        optimizer: await optimizer.exportState(trainedVariables(model)),
        ...(best && { best }),
        ...(lengthenings.length > 0 && { lengthenings }),
      })),
    importState(state) {
      if (running) throw invalidState('importState() of a trainer that runs');
      checkState(state);
      const longer = lengthened(state, config);
      const saved = state.config as { epochs: number };
      const then = { stepsPerEpoch, totalSteps: saved.epochs * stepsPerEpoch };
      const before = state.lengthenings ?? [];
      checkClock(state.clock, clockAt(state.clock.step, state.clock.epoch, then.totalSteps, (step) => rateOfRun(schedule, learningRate, step, then, before))); // prettier-ignore
      const { variables, write } = planRestore(model, state);
      optimizer.importState(variables, state.optimizer);
      write();
      ({ position, best } = state);
      shelved = undefined;
      lengthenings = longer;
      clock = { ...state.clock, totalSteps, totalEpochs: epochs, learningRate: rateAt(state.clock.step) };
      setClock(model, clock);
      const { final, ...rest } = state.metrics;
      metrics = rest;
      // A run that is at its end shows the best weights again; one that became longer goes on from the last.
      if (!atEnd()) return;
      metrics = state.metrics;
      if (final && best?.weights) {
        planRestore(model, { ...state, weights: withValues(state.weights, best.weights) }).write();
        shelved = state.weights;
        setClock(model, best.clock);
      }
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
