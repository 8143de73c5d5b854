// State of the Train page: settings, the worker, and what it reports. A run goes on while other pages are open.
import { computed, signal } from '@preact/signals';
import { get } from 'idb-keyval';
import { isPicture } from '../shared/folders.js';
import { messageOf } from '../shared/state.js';
import {
  savedRunKey,
  type Histogram,
  type Phase,
  type Progress,
  type SavedRun,
  type TrainCommand,
  type TrainMessage,
  type TrainResult,
  type TrainSettings,
} from '../worker/protocol.js';
import type { BackendState } from '../shared/backends.js';
import { startWorker } from '../worker/start.js';
import { classes, filesOfClasses, obstacleOfClasses } from './classes.js';
import { summaryOf, type SavedSummary } from './saved-run.js';

/** Where a first-time visitor starts: a run of about half a minute. */
const defaultSettings: TrainSettings = {
  data: 'digits',
  images: 4000,
  testImages: 1000,
  model: 'cnn',
  width: 0.5,
  kernel: { kind: 'registered', name: 'ste', options: {} },
  input: null,
  optimizer: 'adam',
  learningRate: 0.003,
  epochs: 6,
  batchSize: 64,
  seed: 1,
  shift: 0,
  flip: false,
  backend: 'wasm',
};

/** The form. */
export const settings = signal<TrainSettings>(defaultSettings);
/** Changes a part of the form. */
export const change = (part: Partial<TrainSettings>): void => {
  settings.value = { ...settings.peek(), ...part };
};
/** The visitor's files. */
export const files = signal<readonly File[]>([]);
/** Steps that a small network learns in, about. */
const enoughSteps = 400;
/** More pictures than this are many steps in a few epochs. */
const fewPictures = 3000;

const { epochs: usualEpochs, batchSize: usualBatch } = defaultSettings;

/** How long to learn from files: of a few pictures the usual run would be over in a few steps. Undefined for other files. */
function lengthFor(list: readonly File[]): Pick<TrainSettings, 'batchSize' | 'epochs'> | undefined {
  const count = list.filter(({ name }) => isPicture(name)).length;
  if (count === 0 || count > fewPictures) return undefined;
  const batchSize = Math.max(8, Math.min(64, 2 ** Math.round(Math.log2(count / 8))));
  const stepsOfEpoch = Math.ceil((0.8 * count) / batchSize); // a fifth is for testing
  return { batchSize, epochs: Math.max(6, Math.min(100, Math.ceil(enoughSteps / stepsOfEpoch))) };
}

const filesOf = (data: TrainSettings['data']): readonly File[] =>
  data === 'digits' ? [] : data === 'files' ? files.value : filesOfClasses();

/** Chooses what it learns from; how long is set for it. */
export const chooseData = (data: TrainSettings['data']): void =>
  change({
    data,
    ...(lengthFor(filesOf(data)) ?? { epochs: usualEpochs, batchSize: usualBatch }),
  });

/** Takes the visitor's files. */
export function takeFiles(list: readonly File[]): void {
  files.value = list;
  change(lengthFor(list) ?? {});
}
/** What the worker does; null without a run. */
export const phase = signal<Phase | null>(null);
/** Whether a run is on: then the form rests. */
export const busy = computed(() => phase.value !== null && phase.value !== 'done');
/** The same in words. */
export const phaseText = signal('');
/** Numbers and curves of the run. */
export const progress = signal<Progress | null>(null);
/** Latent weights of the run. */
export const histograms = signal<readonly Histogram[]>([]);
/** The packed model, when there is one. */
export const result = signal<TrainResult | null>(null);
/** Why the run failed. */
export const failure = signal<string | null>(null);
/** Step of the last checkpoint in IndexedDB; null when there is none in this session. */
export const savedStep = signal<number | null>(null);
/** What is known of the backends; empty until the worker has been asked. */
export const backends = signal<readonly BackendState[]>([]);
/** The run that an earlier visit left. */
export const savedRun = signal<SavedSummary | null>(null);

// How long to learn follows the pictures that come class by class; what was wrong with them may be mended.
classes.subscribe(() => {
  if (settings.peek().data !== 'classes') return;
  failure.value = null;
  change(lengthFor(filesOfClasses()) ?? {});
});

let worker: Worker | undefined;

/** Looks for the run of an earlier visit. */
export async function findSavedRun(): Promise<void> {
  if (worker) return;
  try {
    const saved = await get<SavedRun>(savedRunKey);
    savedRun.value = saved ? summaryOf(saved) : null;
  } catch {
    savedRun.value = null; // No IndexedDB here (private windows of some browsers): then nothing was saved.
  }
}

let asked = false;

/** Asks once, in a worker of its own, which backends can run there; this loads tfjs. */
export function findBackends(): void {
  if (asked) return;
  asked = true;
  const probe = startWorker('train');
  probe.onmessage = ({ data }: MessageEvent<TrainMessage>) => {
    if (data.type === 'backends') backends.value = data.backends;
    probe.terminate();
  };
  // Without its code there is no training either: the start of a run says so.
  probe.onerror = () => probe.terminate();
  probe.postMessage({ type: 'probe' } satisfies TrainCommand);
}

const receive = ({ data }: MessageEvent<TrainMessage>): void => {
  switch (data.type) {
    case 'phase':
      phase.value = data.phase;
      phaseText.value = data.text;
      if (data.phase === 'done') end();
      return;
    case 'backends':
      backends.value = data.backends;
      return;
    case 'settings':
      settings.value = data.settings;
      return;
    case 'progress':
      progress.value = data.progress;
      return;
    case 'histograms':
      histograms.value = data.histograms;
      return;
    case 'saved':
      savedStep.value = data.step;
      return;
    case 'result':
      result.value = data.result;
      return;
    case 'failed':
      failure.value = data.message;
      phase.value = null;
      end();
  }
};

/** Frees the worker with everything in it. */
function end(): void {
  worker?.terminate();
  worker = undefined;
}

function begin(command: TrainCommand): void {
  end();
  progress.value = null;
  histograms.value = [];
  result.value = null;
  failure.value = null;
  savedStep.value = null;
  savedRun.value = null;
  phase.value = 'preparing';
  phaseText.value = 'Loading tfjs';
  worker = startWorker('train');
  worker.onmessage = receive;
  worker.onerror = (event) => {
    failure.value = `The worker could not run: ${event.message || 'its code could not be loaded'}`;
    phase.value = null;
    end();
  };
  try {
    worker.postMessage(command);
  } catch (error) {
    failure.value = messageOf(error);
  }
}

/** Starts a run with the settings of the form. */
export function startRun(): void {
  const { data } = settings.value;
  const why = data === 'classes' ? obstacleOfClasses() : undefined;
  if (why === undefined) begin({ type: 'start', settings: settings.value, files: filesOf(data) });
  else failure.value = why;
}
/** Goes on with the run of an earlier visit. */
export const restoreRun = (): void => begin({ type: 'restore' });
/** Pauses after the step that is running. */
export const pauseRun = (): void => worker?.postMessage({ type: 'pause' } satisfies TrainCommand);
/** Goes on. */
export const continueRun = (): void => worker?.postMessage({ type: 'continue' } satisfies TrainCommand);
/** Ends training; what was trained is compiled. */
export const stopRun = (): void => worker?.postMessage({ type: 'stop' } satisfies TrainCommand);
