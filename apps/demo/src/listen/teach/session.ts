// State of "Teach it": words with their takes, what is being recorded, and the worker that trains.
import { effect, signal } from '@preact/signals';
import { toInt16 } from '@bitgrad/bits';
import type { Recording } from '@bitgrad/datasets';
import { messageOf, type ModelFile } from '../../shared/state.js';
import type { TeachCommand, TeachMessage, TrainResult } from '../../worker/protocol.js';
import { startWorker } from '../../worker/start.js';
import { exampleSeconds } from '../listener.js';
import { readRecording } from '../recordings.js';
import { listen, listening, loaded, stop, tapSamples, useModel } from '../session.js';
import { cutPieces, cutWords } from './cut.js';

/** A recording of a word, or of background. */
export type Take = Recording;
/** A word, or what is no word. */
export interface Lesson {
  readonly id: number;
  readonly name: string;
  readonly takes: readonly Take[];
}

/** Id of what is no word. */
export const backgroundId = 0;
/** Takes that a word needs. */
export const fewestTakes = 3;
const longestSeconds = 10;

let nextId = 1;
const newWord = (): Lesson => ({ id: nextId++, name: '', takes: [] });

/** The background first, then words. */
export const lessons = signal<readonly Lesson[]>([
  { id: backgroundId, name: 'background', takes: [] },
  newWord(),
  newWord(),
]);
/** What of it is recorded now, and for how long. */
export const recording = signal<{ readonly id: number; readonly seconds: number } | null>(null);
/** How the last recording or file went, in words, and whether badly. */
export const remark = signal<{ readonly text: string; readonly bad: boolean } | null>(null);

/** How the network learns. */
export const settings = signal<{ readonly from: TeachCommand['from']; readonly epochs: number }>({
  from: 'last',
  epochs: 10,
});
/** What the worker does; null without one. */
export const phase = signal<{ readonly text: string; readonly share: number } | null>(null);
/** What came out. */
export const taught = signal<TrainResult | null>(null);

const change = (id: number, to: (lesson: Lesson) => Lesson): void => {
  lessons.value = lessons.value.map((lesson) => (lesson.id === id ? to(lesson) : lesson));
};
export const addWord = (): void => void (lessons.value = [...lessons.value, newWord()]);
export const removeWord = (id: number): void =>
  void (lessons.value = lessons.value.filter((lesson) => lesson.id !== id));
export const rename = (id: number, name: string): void => change(id, (lesson) => ({ ...lesson, name }));
export const removeTake = (id: number, take: Take): void =>
  change(id, (lesson) => ({ ...lesson, takes: lesson.takes.filter((one) => one !== take) }));

/** Adds what was recorded in one go; of a file, a short one is a take as it is. */
function addTakes(id: number, { samples, sampleRate }: Recording, ofFile: boolean): number {
  const length = Math.round(exampleSeconds(loaded.value!.sound) * sampleRate);
  const asItIs = ofFile && samples.length < 1.5 * length;
  const parts =
    id === backgroundId ? cutPieces(samples, length) : asItIs ? [samples] : cutWords(samples, sampleRate);
  const takes = parts.map((part) => ({ samples: part, sampleRate }));
  change(id, (lesson) => ({ ...lesson, takes: [...lesson.takes, ...takes] }));
  return takes.length;
}

const counted = (count: number): string => `${count} take${count === 1 ? '' : 's'}`;

let heard: Float32Array[] = [];

/** Records until {@link stopRecording}, for ten seconds at most; asks for the microphone where it is not open. */
export async function record(id: number): Promise<void> {
  remark.value = null;
  if (recording.value || !(await listen())) return;
  heard = [];
  const rate = loaded.value!.sound.sampleRate;
  recording.value = { id, seconds: 0 };
  tapSamples((samples) => {
    heard.push(samples.slice());
    const seconds = heard.reduce((sum, { length }) => sum + length, 0) / rate;
    recording.value = { id, seconds };
    if (seconds >= longestSeconds) stopRecording();
  });
}

/** Ends the recording, and cuts it into takes. */
export function stopRecording(): void {
  const now = recording.value;
  if (!now) return;
  tapSamples();
  recording.value = null;
  const samples = new Int16Array(heard.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of heard) for (const v of part) samples[at++] = toInt16(v * 32768);
  heard = [];
  const { sampleRate } = loaded.value!.sound;
  const count = samples.length === 0 ? 0 : addTakes(now.id, { samples, sampleRate }, false);
  remark.value =
    count > 0
      ? { text: `${counted(count)} from ${now.seconds.toFixed(1)} s.`, bad: false }
      : { text: 'Nothing was loud enough to be a word. Speak closer to the microphone.', bad: true };
}
// Where the microphone is let go, nothing more comes.
effect(() => {
  if (listening.value !== 'microphone' && recording.peek()) stopRecording();
});

/** Adds WAV files to a word: a short one is a take, a long one is cut. */
export async function addFiles(id: number, files: readonly File[]): Promise<void> {
  remark.value = null;
  let count = 0;
  try {
    for (const file of files) {
      count += addTakes(id, await readRecording(file), true);
    }
    remark.value = {
      text: `${counted(count)} from ${files.length} file${files.length === 1 ? '' : 's'}.`,
      bad: count === 0,
    };
  } catch (error) {
    remark.value = { text: messageOf(error), bad: true };
  }
}

/** Words of a folder: each of its subfolders is one, with the WAV files in it; `background` is what is no word. */
export async function addFolder(files: readonly File[]): Promise<void> {
  const wordOf = ({ name }: File): string => name.split('/').at(-2)?.trim() ?? '';
  const words = [...new Set(files.map(wordOf))];
  if (files.length === 0 || words.includes('')) {
    remark.value = {
      text: 'The folder needs subfolders of WAV files, each with the name of a word.',
      bad: true,
    };
    return;
  }
  for (const word of words) {
    await addFiles(
      lessonOf(word),
      files.filter((file) => wordOf(file) === word),
    );
    if (remark.value?.bad) return;
  }
  remark.value = { text: `${words.length} words of ${files.length} files: ${words.join(', ')}.`, bad: false };
}

/** Id of the word of this name: one that is there, an empty one, or a new one. */
function lessonOf(word: string): number {
  if (word === 'background' || word.startsWith('_')) return backgroundId;
  const free = ({ id, name, takes }: Lesson): boolean =>
    id !== backgroundId && name.trim() === '' && takes.length === 0;
  const known = lessons.value.find(({ name }) => name.trim() === word) ?? lessons.value.find(free);
  if (!known) addWord();
  const { id } = known ?? lessons.value.at(-1)!;
  rename(id, word);
  return id;
}

/** Plays a take. */
export async function play({ samples, sampleRate }: Take): Promise<void> {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, samples.length, sampleRate);
  buffer.copyToChannel(
    Float32Array.from(samples, (v) => v / 32768),
    0,
  );
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.onended = () => void context.close();
  source.start();
  await context.resume();
}

/** Why it cannot be taught yet; undefined when it can. */
export function obstacle(): string | undefined {
  const words = lessons.value.filter(({ id }) => id !== backgroundId);
  const names = words.map(({ name }) => name.trim());
  if (words.length === 0) return 'Add a word.';
  if (names.some((name) => name === '')) return 'Give every word a name, or remove it.';
  const odd = names.find((name) => name.startsWith('_') || name.toLowerCase() === 'background');
  if (odd !== undefined) return `“${odd}” is a name of what is no word: choose another.`;
  if (new Set(names).size < names.length) return 'Two words have the same name.';
  const short = words.find(({ takes }) => takes.length < fewestTakes);
  if (short)
    return `“${short.name.trim()}” needs ${fewestTakes} takes at least; it has ${short.takes.length}.`;
  return undefined;
}

let worker: Worker | undefined;

/** Stops teaching; what was learnt so far is lost. */
export function stopTeaching(): void {
  worker?.terminate();
  worker = undefined;
  phase.value = null;
}

/** Teaches a network the words, and uses it. */
export async function startTeaching(): Promise<void> {
  const [background, ...words] = lessons.value;
  await stop();
  remark.value = null;
  taught.value = null;
  phase.value = { text: 'Starting', share: 0 };
  const started = (worker = startWorker('teach'));
  started.onmessage = ({ data }: MessageEvent<TeachMessage>) => {
    if (data.type === 'phase') return void (phase.value = data);
    stopTeaching();
    if (data.type === 'failed') remark.value = { text: data.message, bad: true };
    else {
      taught.value = data.result;
      void useModel(fileOf(data.result), true);
    }
  };
  started.onerror = (event) => {
    stopTeaching();
    remark.value = { text: `The worker could not start: ${event.message}`, bad: true };
  };
  const named = words.map(({ name, takes }) => ({ name: name.trim(), takes }));
  const command: TeachCommand = { words: named, background: background!.takes, ...settings.value };
  started.postMessage(command);
}

/** What was taught, as a file. */
export const fileOf = ({ name, bytes }: TrainResult): ModelFile => ({ name, bytes });
