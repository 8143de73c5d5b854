// One training run in the worker: prepares, trains, pauses, saves itself, and finishes with a packed model.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { get, set } from 'idb-keyval';
import type { Run } from '@bitgrad/recipe';
import { loadCheckpoint, restoreCheckpoint, type EpochEvent, type StepEvent } from '@bitgrad/training';
import { probeBackends, trainsOnGpu } from './backends.js';
import { histogramsOf, openTraining } from './build.js';
import { createCurves } from './curves.js';
import { openData } from './data.js';
import { finishRun } from './finish.js';
import {
  savedRunKey,
  type EpochPoint,
  type Phase,
  type SavedRun,
  type TrainCommand,
  type TrainMessage,
  type TrainSettings,
} from './protocol.js';

const reportEveryMs = 300;
const saveEveryMs = 4000;

const pointOf = (event: EpochEvent): EpochPoint => ({
  step: event.step,
  epoch: event.epoch + 1,
  train: event.accuracy,
  hard: event.hardenedTestAccuracy,
  soft: event.softTestAccuracy,
});

/** The run of a worker; `send` gives messages to the page. */
export function createRun(send: (message: TrainMessage) => void): { command(command: TrainCommand): void } {
  const stop = new AbortController();
  let resume: (() => void) | undefined;
  let paused: Promise<void> | undefined;
  const phase = (name: Phase, text: string): void => send({ type: 'phase', phase: name, text });

  async function prepare(settings: TrainSettings, files: readonly File[], saved?: SavedRun): Promise<Run> {
    phase('preparing', settings.data === 'digits' ? 'Drawing the digits' : 'Reading the files');
    const data = await openData(settings, files, (text) => phase('preparing', text));
    phase('preparing', 'Starting the backend and building the model');
    const run = await openTraining(settings, data);
    if (saved) run.resume(saved.checkpoint);
    return run;
  }

  /** Compiling reads weights at once, which WebGPU cannot do reliably in a worker: it is done on WebAssembly. */
  async function moveToWasm(settings: TrainSettings, run: Run): Promise<Run> {
    const checkpoint = await run.checkpoint();
    const moved = await openTraining(settings, run.data, 'wasm');
    restoreCheckpoint(moved.trainer, loadCheckpoint(checkpoint));
    return moved;
  }

  async function train(settings: TrainSettings, files: readonly File[], saved?: SavedRun): Promise<void> {
    send({ type: 'settings', settings });
    const run = await prepare(settings, files, saved);
    await follow(run, settings, files, saved);
    phase('compiling', 'Compiling and comparing');
    const trained = trainsOnGpu(settings.backend) ? await moveToWasm(settings, run) : run;
    send({ type: 'result', result: await finishRun(trained) });
    phase('done', 'Done');
  }

  async function follow(
    run: Run,
    settings: TrainSettings,
    files: readonly File[],
    saved: SavedRun | undefined,
  ): Promise<void> {
    const { model, trainer } = run;
    const curves = createCurves(saved?.curves);
    let last: StepEvent | undefined;
    let [reported, stored] = [0, performance.now()];
    const secondsLeft = (): number =>
      trainer.clock().step === trainer.totalSteps ? 0 : (last?.etaSeconds ?? NaN);
    const report = (): void => {
      reported = performance.now();
      send({
        type: 'progress',
        progress: {
          step: trainer.clock().step,
          totalSteps: trainer.totalSteps,
          epoch: trainer.position().epoch,
          epochs: settings.epochs,
          imagesPerSecond: last?.imagesPerSecond ?? 0,
          etaSeconds: secondsLeft(),
          curves: curves.value(),
          epochPoints: trainer.metrics().history.map(pointOf),
          tensors: tf.memory().numTensors,
        },
      });
    };
    const store = async (): Promise<void> => {
      const { step } = trainer.clock();
      const checkpoint = await run.checkpoint();
      const record: SavedRun = {
        settings,
        files,
        checkpoint,
        curves: curves.value(),
        step,
        totalSteps: trainer.totalSteps,
        // At once after a resume nothing is known yet but what was.
        secondsLeft: Number.isFinite(secondsLeft()) ? secondsLeft() : (saved?.secondsLeft ?? null),
      };
      await set(savedRunKey, record);
      stored = performance.now();
      send({ type: 'saved', step });
    };
    const histograms = async (): Promise<void> =>
      send({ type: 'histograms', histograms: await histogramsOf(model) });
    const atRest = async (): Promise<void> => {
      report();
      await histograms();
      await store();
    };
    await atRest();
    phase('training', 'Training');
    for await (const event of trainer.run({ signal: stop.signal })) {
      if (event.type === 'step') {
        last = event;
        curves.add(event);
      }
      const now = performance.now();
      if (event.type === 'epoch' || now - stored > saveEveryMs) await atRest();
      else if (now - reported > reportEveryMs) report();
      if (paused && !stop.signal.aborted) {
        await atRest();
        phase('paused', 'Paused');
        await paused;
        if (!stop.signal.aborted) phase('training', 'Training');
      }
    }
    await atRest();
  }

  const wake = (): void => {
    paused = undefined;
    resume?.();
  };

  const guard = (work: Promise<void>): void => {
    work.catch((error: unknown) =>
      send({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  };

  return {
    command(command) {
      switch (command.type) {
        case 'probe':
          return guard(probeBackends().then((backends) => send({ type: 'backends', backends })));
        case 'start':
          return guard(train(command.settings, command.files));
        case 'restore':
          return guard(
            get<SavedRun>(savedRunKey).then((saved) => {
              if (saved) return train(saved.settings, saved.files, saved);
              send({ type: 'failed', message: 'There is no saved run.' });
            }),
          );
        case 'pause':
          paused ??= new Promise((resolve) => (resume = resolve));
          return;
        case 'stop':
          stop.abort();
          return wake(); // a paused run has to wake up to stop
        case 'continue':
          return wake();
      }
    },
  };
}
