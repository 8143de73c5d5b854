// Folders of recordings: a subfolder for each class, or names that say what they are.
import { join } from 'node:path';
import {
  checkOptions,
  createRng,
  option,
  resample,
  soundLength,
  soundReader,
  soundRules,
  soundSettings,
  type OptionRules,
  type Rng,
  type SoundOptions,
  type SoundSettings,
} from '@bitgrad/core';
import { defaultMaxBytes } from '../bytes.js';
import { createSplit, limitedItems, type Dataset, type Split } from '../dataset.js';
import { commonRules, defineDataset, type CommonLoadOptions } from '../define.js';
import { failure, fractionRule } from '../errors.js';
import { mapLabels } from '../labels.js';
import { arrangeFiles, soundFiles, type Arrangement, type Item } from '../layout.js';
import { arrangeNamed, namedSound } from '../sound/names.js';
import { createNoise, noiseKinds } from '../sound/noises.js';
import { varySound } from '../sound/vary.js';
import { readWav, type Recording } from '../sound/wav.js';
import { readNamed, walkFolder } from './files.js';

/** Options of {@link loadSounds}. */
export interface SoundFolderOptions extends CommonLoadOptions {
  /** How recordings become bytes; default as `soundSettings` of @bitgrad/core. */
  readonly sound?: SoundOptions;
  /** Examples that are made of each recording for training: the recording, and variations of it; default 1. */
  readonly copies?: number;
  /**
   * Synthesized examples of nobody speaking (silence, noises, hum, knocks) for training, and a tenth as many for testing, as a
   * class of their own, `_background_`; default 0: none.
   */
  readonly noises?: number;
  /** Names that say who speaks: this speaker is for testing, and nobody else. */
  readonly testSpeaker?: string;
  /** Folders of classes: part of each class held out when there is no test folder; default 0.2. */
  readonly testFraction?: number;
}

const ownRules = {
  sound: option.inside(soundRules),
  copies: option.integer(1, 1000),
  noises: option.integer(0, 1_000_000),
  testSpeaker: option.string,
  testFraction: fractionRule,
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
  const classes = noises > 0 ? [...said, backgroundClass] : said;
  const rng = createRng(seed).fork('background');
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
    train: withBackground(await read(kept[0], copies), noises, settings, said.length, rng.fork('train')),
    test: withBackground(
      await read(kept[1], 1),
      Math.ceil(noises / 10),
      settings,
      said.length,
      rng.fork('test'),
    ),
    ...(validation && { validation: await read(kept[2], 1) }),
    sound: settings,
    notes,
  });
  return options.classes ? mapLabels(dataset, options.classes) : dataset;
}

/** Name of the class in which nobody speaks. */
const backgroundClass = '_background_';

/** A split with synthesized examples of background behind it, of all kinds in turn. */
function withBackground(
  split: Split,
  count: number,
  settings: SoundSettings,
  label: number,
  rng: Rng,
): Split {
  if (count === 0) return split;
  const size = settings.frames * settings.bands;
  const images = new Uint8Array(split.images.length + count * size);
  const labels = new (label > 255 ? Uint16Array : Uint8Array)(split.size + count).fill(label);
  images.set(split.images);
  labels.set(split.labels);
  const read = soundReader(settings);
  for (let i = 0; i < count; i++) {
    const kind = noiseKinds[i % noiseKinds.length]!;
    const noise = createNoise(kind, soundLength(settings), settings.sampleRate, rng.fork(i).integer(2 ** 31));
    images.set(read(noise), (split.size + i) * size);
  }
  return createSplit(images, labels, split.shape);
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
  const read = soundReader(settings);
  for (const [i, { path, label }] of items.entries()) {
    const { samples, sampleRate } = await readRecording(join(folder, path), maxBytes);
    const whole = resample(samples, sampleRate, settings.sampleRate);
    for (let copy = 0; copy < copies; copy++) {
      // Of the path, so that a limit changes nothing of what is kept.
      const rng = createRng(seed).fork('vary').fork(path).fork(copy);
      const varied = copy === 0 ? undefined : varySound(whole, settings.sampleRate, rng);
      const bytes = varied ? read(varied.samples, varied.offset) : read(whole);
      images.set(bytes, (i * copies + copy) * size);
      labels[i * copies + copy] = label;
    }
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
