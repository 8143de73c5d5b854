// Folders of recordings: a subfolder for each class, or names that say what they are.
import { join } from 'node:path';
import { checkOptions, option, soundSettings, type OptionRules, type SoundSettings } from '@bitgrad/core';
import { defaultMaxBytes } from '../bytes.js';
import { createSplit, limitedItems, type Dataset, type Split } from '../dataset.js';
import { commonRules, defineDataset, type CommonLoadOptions } from '../define.js';
import { failure, testFractionRule } from '../errors.js';
import { mapLabels } from '../labels.js';
import { arrangeFiles, soundFiles, type Arrangement, type Item } from '../layout.js';
import {
  addNoises,
  exampleMaker,
  exampleRules,
  withNoises,
  type SoundExampleOptions,
} from '../sound/examples.js';
import { arrangeNamed, namedSound } from '../sound/names.js';
import { readWav, type Recording } from '../sound/wav.js';
import { readNamed, walkFolder } from './files.js';

/** Options of {@link loadSounds}. */
export interface SoundFolderOptions extends CommonLoadOptions, SoundExampleOptions {
  /** Names that say who speaks: this speaker is for testing, and nobody else. */
  readonly testSpeaker?: string;
  /** Folders of classes: part of each class held out when there is no test folder; default 0.2. */
  readonly testFraction?: number;
}

const ownRules = {
  ...exampleRules,
  testSpeaker: option.string,
  testFraction: testFractionRule,
};
const rules: OptionRules<SoundFolderOptions> = { ...commonRules, ...ownRules };

/** Classes by folders, or by names where the recordings stand in none. */
async function arrange(folder: string, options: SoundFolderOptions): Promise<Arrangement> {
  const { files, folders } = await walkFolder(folder);
  const sounds = files.filter((path) => soundFiles.read.test(path));
  const { testSpeaker, testFraction, seed = 0 } = options;
  const byName = sounds.length > 0 && sounds.every((path) => !path.includes('/') && namedSound(path));
  if (byName) return arrangeNamed(folder, sounds, testSpeaker);
  if (testSpeaker !== undefined)
    throw failure('invalid-option', {
      what: 'testSpeaker of recordings whose names do not say who speaks',
      got: testSpeaker,
      expected: 'files named {label}_{speaker}_{index}.wav, in no subfolder',
    });
  const leastClasses = options.classes ? 1 : 2;
  return arrangeFiles(soundFiles, folder, files, { seed, testFraction, folders, leastClasses });
}

/**
 * Loads a folder of WAV files: a subfolder for each class, as `arrangePictures` has them, or files named
 * `{label}_{speaker}_{index}.wav`, of which those numbered below 5 are for testing, or one speaker. Each becomes a picture of
 * one channel, [frames, bands, 1]: its mel spectrum in bytes.
 * @throws BitgradError naming the path: `io`, `invalid-file`, `truncated-file`, `not-finite`, `limit-exceeded`;
 *   `invalid-option`; `incompatible` when `classes` are given and the folder has others
 */
export async function loadSounds(folder: string, options: SoundFolderOptions = {}): Promise<Dataset> {
  if (typeof folder !== 'string' || folder === '')
    throw failure('invalid-option', {
      what: 'folder of recordings',
      got: folder ?? 'nothing',
      expected: 'a path',
    });
  const { seed = 0, copies = 1, noises = 0 } = checkOptions('datasets', 'loadSounds', options, rules);
  const settings = soundSettings(options.sound, 'datasets');
  const { classes: said, train, test, validation, notes } = await arrange(folder, options);
  const classes = withNoises(said, noises);
  const recordings = options.limit && Math.ceil(options.limit / copies);
  const kept = [
    limitedItems(train, recordings, seed),
    limitedItems(test, options.testLimit, seed),
    validation ?? [],
  ] as const;
  const total = kept.flat().length;
  let done = 0;
  const onRead = (): void => options.onProgress?.({ done: ++done, total });
  const read = (items: readonly Item[], times: number) =>
    readSounds(folder, items, times, settings, classes.length, { ...options, seed }, onRead);
  const dataset: Dataset = Object.freeze<Dataset>({
    name: 'audio',
    classes,
    shape: [settings.frames, settings.bands, 1],
    ...addNoises(
      { train: await read(kept[0], copies), test: await read(kept[1], 1) },
      classes,
      noises,
      settings,
      seed,
    ),
    ...(validation && { validation: await read(kept[2], 1) }),
    sound: settings,
    notes,
  });
  return options.classes ? mapLabels(dataset, options.classes) : dataset;
}

/** Examples of some recordings, `copies` of each. */
async function readSounds(
  folder: string,
  items: readonly Item[],
  copies: number,
  settings: SoundSettings,
  classes: number,
  { maxBytes = defaultMaxBytes, seed }: { readonly maxBytes?: number; readonly seed: number },
  onRead: () => void,
): Promise<Split> {
  const size = settings.frames * settings.bands;
  if (items.length * copies * size > maxBytes)
    throw failure('limit-exceeded', {
      what: `size of ${items.length * copies} examples of ${settings.frames} x ${settings.bands} bytes`,
      got: `${items.length * copies * size} bytes`,
      expected: `at most ${maxBytes}`,
      next: 'Set limit, fewer copies, or maxBytes.',
    });
  const images = new Uint8Array(items.length * copies * size);
  const labels = new (classes > 256 ? Uint16Array : Uint8Array)(items.length * copies);
  const make = exampleMaker(settings, copies, seed);
  for (const [i, { path, label }] of items.entries()) {
    // Variations are of the path, so that a limit changes nothing of what is kept.
    images.set(make(await readRecording(join(folder, path), maxBytes), path), i * copies * size);
    labels.fill(label, i * copies, (i + 1) * copies);
    onRead();
    // Reading is quick enough to keep the process from anything else.
    if (i % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
  }
  return createSplit(images, labels, [settings.frames, settings.bands, 1]);
}

/**
 * Reads a WAV file: `readWav` of its bytes.
 * @throws BitgradError as `readWav`; `io`
 */
export const readRecording = async (path: string, maxBytes = defaultMaxBytes): Promise<Recording> =>
  readWav(await readNamed(path, maxBytes), { maxBytes });

/** {@link loadSounds} by name. */
export const audio = defineDataset<Omit<SoundFolderOptions, keyof CommonLoadOptions>>({
  description: 'recordings (WAV), a subfolder for each class, or named {label}_{speaker}_{index}.wav',
  folder: true,
  options: ownRules,
  load: ({ directory, ...options }) => loadSounds(directory, options),
});
