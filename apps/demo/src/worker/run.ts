// One training run in the worker: prepares, trains, pauses, saves itself, and finishes with a packed model.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { get, set } from 'idb-keyval';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Dataset } from '@bitgrad/datasets';
import {
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type EpochEvent,
  type StepEvent,
  type Trainer,
} from '@bitgrad/training';
import { probeBackends, trainsOnGpu } from './backends.js';
import { buildModel, buildTrainer, histogramsOf, startBackend } from './build.js';
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

  async function prepare(settings: TrainSettings, files: readonly File[], saved?: SavedRun) {
    phase('preparing', 'Starting the backend');
    await startBackend(settings.backend);
    phase('preparing', settings.data === 'digits' ? 'Drawing the digits' : 'Reading the files');
    const data = await openData(settings, files, (text) => phase('preparing', text));
    phase('preparing', 'Building the model');
    const model = buildModel(settings, data);
    const trainer = buildTrainer(settings, model, data);
    if (saved) restoreCheckpoint(trainer, loadCheckpoint(saved.checkpoint));
    return { data, model, trainer };
  }

  /** Compiling reads weights at once, which WebGPU cannot do reliably in a worker: it is done on WebAssembly. */
  async function moveToWasm(settings: TrainSettings, data: Dataset, trainer: Trainer): Promise<LayersModel> {
    const checkpoint = await saveCheckpoint(trainer);
    await startBackend('wasm');
    const model = buildModel(settings, data);
    restoreCheckpoint(buildTrainer(settings, model, data), loadCheckpoint(checkpoint));
    return model;
  }

  async function train(settings: TrainSettings, files: readonly File[], saved?: SavedRun): Promise<void> {
    send({ type: 'settings', settings });
    const { data, model, trainer } = await prepare(settings, files, saved);
    await follow({ settings, files, model, trainer, ...(saved && { saved }) });
    phase('compiling', 'Compiling and comparing');
    const trained = trainsOnGpu(settings.backend) ? await moveToWasm(settings, data, trainer) : model;
    const result = await finishRun(trained, data, settings);
    send({ type: 'result', result });
    phase('done', 'Done');
  }

  async function follow(run: {
    settings: TrainSettings;
    files: readonly File[];
    model: LayersModel;
    trainer: Trainer;
    saved?: SavedRun;
  }): Promise<void> {
    const { settings, files, model, trainer, saved } = run;
    const curves = createCurves(saved?.curves);
    let last: StepEvent | undefined;
    let [reported, stored] = [0, performance.now()];
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
          etaSeconds: trainer.clock().step === trainer.totalSteps ? 0 : (last?.etaSeconds ?? NaN),
          curves: curves.value(),
          epochPoints: trainer.metrics().history.map(pointOf),
          tensors: tf.memory().numTensors,
        },
      });
    };
    const store = async (): Promise<void> => {
      const { step } = trainer.clock();
      const checkpoint = await saveCheckpoint(trainer);
      const record: SavedRun = {
        settings,
        files,
        checkpoint,
        curves: curves.value(),
        step,
        totalSteps: trainer.totalSteps,
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
