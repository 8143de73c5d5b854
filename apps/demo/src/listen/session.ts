// State of the Listen page: the model, the microphone, and what was heard. Signals and functions, as of the other pages.
import { computed, signal } from '@preact/signals';
import { defaultEngines } from '@bitgrad/classify';
import { loadModel, type ClassScore } from '@bitgrad/runtime';
import { median } from '../shared/format.js';
import { messageOf, type ModelFile } from '../shared/state.js';
import { createListener, exampleSeconds, soundOf, type Answer, type Hearing } from './listener.js';
import { openMicrophone, type Microphone } from './microphone.js';

/** A model that is ready to listen. */
export interface Loaded extends Hearing {
  readonly file: ModelFile;
  readonly engine: string;
}
/** Null while it is being loaded. */
export const loaded = signal<Loaded | null>(null);
/** True when it is not the one that the demo ships with. */
export const ownModel = signal(false);
/** What went wrong, in words. */
export const problem = signal<string | null>(null);

/** What the page listens to. */
export const listening = signal<'off' | 'starting' | 'microphone' | 'file'>('off');
/** Probability from which a word counts. */
export const threshold = signal(0.75);

/** The last answer; null before the first. */
export const answer = signal<Answer | null>(null);
/** A word of the transcript. */
export interface HeardWord {
  readonly name: string;
  readonly probability: number;
  readonly seconds: number;
}
/** What was heard since listening began. */
export const transcript = signal<readonly HeardWord[]>([]);
const times = signal<readonly number[]>([]);
/** Median time of an answer in ms; NaN before the first. */
export const latency = computed(() => median(times.value));

const mostWords = 60;
/** Seconds for which a word stays lit. */
const litSeconds = 0.8;

/** The word that is lit: the last one, for a short while. */
export const lit = computed(() => {
  const [word, now] = [transcript.value.at(-1), answer.value];
  return word && now && now.seconds - word.seconds < litSeconds ? word : null;
});

/** Words and what else a model tells apart: names of background begin with `_`. */
export const isWord = ({ name }: Pick<ClassScore, 'name'>): boolean => !name.startsWith('_');

let sequence = 0;

/** Uses a model; the microphone is closed, whose listener is of the one before. */
export async function useModel(file: ModelFile, own: boolean): Promise<void> {
  const turn = ++sequence;
  problem.value = null;
  try {
    const model = await loadModel(file.bytes, { engine: defaultEngines() });
    if (turn !== sequence) return model.dispose();
    const sound = soundOf(model);
    await stop();
    loaded.value?.model.dispose();
    loaded.value = { file, model, sound, engine: model.report().engine };
    ownModel.value = own;
    forget();
  } catch (error) {
    if (turn === sequence) problem.value = messageOf(error);
  }
}

/** Uses the model that the demo ships with. */
export async function useShipped(): Promise<void> {
  try {
    const { default: digits } = await import('@bitgrad/zoo/spoken-digits');
    await useModel({ name: 'spoken-digits.bitgrad', bytes: digits.bytes() }, false);
  } catch (error) {
    problem.value = messageOf(error);
  }
}

/** Begins anew. */
function forget(): void {
  answer.value = null;
  transcript.value = [];
  times.value = [];
}

/** Shows an answer. */
function show(given: Answer, offset = 0): void {
  const { word, ms } = given;
  answer.value = given;
  times.value = [...times.value.slice(-30), ms];
  if (word)
    transcript.value = [
      ...transcript.value.slice(1 - mostWords),
      { name: word.name, probability: word.probability, seconds: word.seconds - offset },
    ];
}

let microphone: Microphone | undefined;
let idle: Promise<unknown> = Promise.resolve();
/** Whoever else listens to the samples, at the model's rate: recording. */
let tap: ((samples: Float32Array) => void) | undefined;

/** Gives what is heard to `listener` as well, at the model's rate, until it is called again. */
export const tapSamples = (listener?: (samples: Float32Array) => void): void => void (tap = listener);

/** Asks for the microphone, and listens. @returns whether it does */
export async function listen(): Promise<boolean> {
  const now = loaded.value;
  if (!now || listening.value !== 'off') return listening.value === 'microphone';
  listening.value = 'starting';
  problem.value = null;
  forget();
  try {
    // Samples that come before the rate is known wait for the listener.
    let push: (samples: Float32Array) => void = () => {};
    const opened = await openMicrophone(
      (samples) => push(samples),
      () => void stop(),
    );
    // Meanwhile another model may have been chosen.
    if (listening.peek() !== 'starting' || loaded.value !== now) {
      opened.close();
      return false;
    }
    microphone = opened;
    const listener = createListener(now, opened.sampleRate, threshold.value, show, (samples) =>
      tap?.(samples),
    );
    push = (samples) => (idle = listener.push(samples).catch(fail));
    listening.value = 'microphone';
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

function fail(error: unknown): void {
  problem.value = messageOf(error);
  void stop();
}

/** Lets the microphone go; resolves when no answer is on its way. */
export async function stop(): Promise<void> {
  microphone?.close();
  microphone = undefined;
  if (listening.value === 'microphone' || listening.value === 'starting') listening.value = 'off';
  await idle;
}

/** What a model says of a recording. */
export interface FileResult {
  readonly name: string;
  readonly seconds: number;
  /** The most probable class of its loudest part, and the logits. */
  readonly best?: ClassScore;
  readonly logits?: readonly number[];
  readonly words: readonly HeardWord[];
  readonly error?: string;
}
/** Of the files that were given last. */
export const results = signal<readonly FileResult[]>([]);

/** Listens to recordings, one after the other; or uses a model, where a `.bitgrad` file is given. */
export async function openFiles(files: readonly File[]): Promise<void> {
  const model = files.find(({ name }) => name.endsWith('.bitgrad'));
  if (model) return useModel({ name: model.name, bytes: new Uint8Array(await model.arrayBuffer()) }, true);
  const now = loaded.value;
  if (!now || files.length === 0 || listening.value === 'file') return;
  await stop();
  forget();
  results.value = [];
  listening.value = 'file';
  problem.value = null;
  try {
    const { hearFile } = await import('./recordings.js');
    const margin = exampleSeconds(now.sound);
    for (const file of files) {
      transcript.value = [];
      const result = await hearFile(file, now, threshold.value, margin, (given) => show(given, margin));
      if (loaded.value !== now) return;
      results.value = [...results.value, { ...result, words: transcript.value }];
    }
  } catch (error) {
    problem.value = messageOf(error);
  } finally {
    listening.value = 'off';
  }
}

let started = false;
/** Loads the model, once. */
export function start(): void {
  if (started) return;
  started = true;
  void useShipped();
}

/** Uses a model that comes from another page. */
export async function listenWith(file: ModelFile): Promise<void> {
  started = true;
  await useModel(file, true);
}
