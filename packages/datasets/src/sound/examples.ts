// From recordings to examples: their spectra in bytes, copies of them that are varied by seed, and background that is
// synthesized. Recordings in memory become a data set here; folders of them are read in `./node`.
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
import { createSplit, type Dataset, type Split } from '../dataset.js';
import { failure, integerOption } from '../errors.js';
import { createNoise, noiseKinds } from './noises.js';
import { varySound } from './vary.js';
import type { Recording } from './wav.js';

/** How recordings become examples. */
export interface SoundExampleOptions {
  /** How recordings become bytes; default as `soundSettings` of @bitgrad/core. */
  readonly sound?: SoundOptions;
  /** Examples that are made of each recording for training: the recording, and variations of it; default 1. */
  readonly copies?: number;
  /**
   * Synthesized examples of nobody speaking (silence, noises, hum, knocks) for training, and a tenth as many for testing, in the
   * class `_background_`, which is added where there is none; default 0: none.
   */
  readonly noises?: number;
}

/** Rules for {@link SoundExampleOptions}. */
export const exampleRules: OptionRules<SoundExampleOptions> = {
  sound: option.inside(soundRules),
  copies: option.integer(1, 1000),
  noises: option.integer(0, 1_000_000),
};

/** Name of the class in which nobody speaks. */
const backgroundClass = '_background_';

/** Class names with that of background, where there is noise. */
export const withNoises = (classes: readonly string[], noises: number): readonly string[] =>
  noises === 0 || classes.includes(backgroundClass) ? classes : [...classes, backgroundClass];

/**
 * Makes the examples of recordings.
 * @param seed decides the variations
 * @returns a function that takes a recording, and what its variations are of: its name, so that they stay the same whatever
 *   stands beside it. It gives uint8 [copies, frames, bands]
 */
export function exampleMaker(
  settings: SoundSettings,
  copies: number,
  seed: number,
): (recording: Recording, name: string) => Uint8Array {
  const size = settings.frames * settings.bands;
  const read = soundReader(settings);
  return ({ samples, sampleRate }, name) => {
    const whole = resample(samples, sampleRate, settings.sampleRate);
    const out = new Uint8Array(copies * size);
    for (let copy = 0; copy < copies; copy++) {
      const rng = createRng(seed).fork('vary').fork(name).fork(copy);
      const varied = copy === 0 ? undefined : varySound(whole, settings.sampleRate, rng);
      out.set(varied ? read(varied.samples, varied.offset) : read(whole), copy * size);
    }
    return out;
  };
}

/** A split with `count` synthesized examples of background behind it, of all kinds in turn. */
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

/** The splits of a data set with background. */
export function addNoises<T extends { readonly train: Split; readonly test: Split }>(
  splits: T,
  classes: readonly string[],
  noises: number,
  settings: SoundSettings,
  seed: number,
): T {
  const rng = createRng(seed).fork('background');
  const label = classes.indexOf(backgroundClass);
  return {
    ...splits,
    train: withBackground(splits.train, noises, settings, label, rng.fork('train')),
    test: withBackground(splits.test, Math.ceil(noises / 10), settings, label, rng.fork('test')),
  };
}

/** A recording with the number of its class. */
export interface LabelledSound extends Recording {
  readonly label: number;
}

function soundSplit(
  what: string,
  items: readonly LabelledSound[],
  classes: number,
  settings: SoundSettings,
  copies: number,
  seed: number,
): Split {
  if (!Array.isArray(items))
    throw failure('invalid-option', { what: `recordings for ${what}`, got: items, expected: 'a list of { samples, sampleRate, label }' }); // prettier-ignore
  const size = settings.frames * settings.bands * copies;
  const images = new Uint8Array(items.length * size);
  const labels = new (classes > 256 ? Uint16Array : Uint8Array)(items.length * copies);
  const make = exampleMaker(settings, copies, seed);
  items.forEach((item: Partial<LabelledSound> | undefined, i) => {
    const label = integerOption(`label of recording ${i}`, item?.label ?? NaN, 0, classes - 1);
    const { samples, sampleRate } = item as LabelledSound;
    if (!(samples instanceof Int16Array))
      throw failure('invalid-option', { what: `samples of recording ${i}`, got: samples, expected: 'an Int16Array, as readWav gives it' }); // prettier-ignore
    images.set(make({ samples, sampleRate }, String(i)), i * size);
    labels.fill(label, i * copies, (i + 1) * copies);
  });
  return createSplit(images, labels, [settings.frames, settings.bands, 1]);
}

/**
 * A data set from recordings in memory, for instance from a microphone: the examples that `loadSounds` of the Node entry makes of
 * files. `sound` of the result goes into the packed file (`metadata.sound`), so that what is served is made as it was for
 * training.
 * @param classes names; `_background_` is that of background
 * @param items recordings of any length and rate; those for testing are not varied
 * @throws BitgradError `invalid-option`
 */
export function datasetFromSounds(
  name: string,
  classes: readonly string[],
  items: { readonly train: readonly LabelledSound[]; readonly test: readonly LabelledSound[] },
  options: SoundExampleOptions & {
    /** Decides variations and noises; default 0. */ readonly seed?: number;
  } = {},
): Dataset {
  const rules = { ...exampleRules, seed: option.integer() };
  const {
    copies = 1,
    noises = 0,
    seed = 0,
    sound,
  } = checkOptions('datasets', 'datasetFromSounds', options, rules);
  if (!Array.isArray(classes))
    throw failure('invalid-option', { what: 'classes', got: classes, expected: 'a list of names' });
  const settings = soundSettings(sound, 'datasets');
  const all = withNoises(classes, noises);
  const count = integerOption('number of classes', all.length, 1, 65_536);
  const split = (what: 'train' | 'test', times: number): Split =>
    soundSplit(what, items?.[what], count, settings, times, seed);
  const { train, test } = addNoises(
    { train: split('train', copies), test: split('test', 1) },
    all,
    noises,
    settings,
    seed,
  );
  return Object.freeze({ name, classes: all, shape: train.shape, train, test, sound: settings });
}
