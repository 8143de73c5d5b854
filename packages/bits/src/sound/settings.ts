// How a recording becomes the bytes that a network takes. Training and serving read the same settings, which travel in the
// description of a run and in the packed file.
import { failureOf, checkOptions, option, type OptionRules } from '../options.js';
import { soundFields, type SoundSettings } from './fields.js';

/** Settings as they may be given. */
export type SoundOptions = Partial<SoundSettings>;

/** The settings where nothing is said: about a second, in frames of 32 ms, every 20 ms at 8 kHz. */
export const defaultSound: SoundSettings = {
  sampleRate: 8000,
  frame: 256,
  hop: 160,
  frames: 48,
  bands: 32,
  lowest: 60,
  highest: 3800,
  normalize: 'peak',
};

const powers = [64, 128, 256, 512, 1024, 2048];

/** Rules for {@link SoundOptions}. */
export const soundRules: OptionRules<SoundOptions> = {
  sampleRate: option.integer(1000, 192_000),
  frame: option.oneOf(...powers),
  hop: option.integer(1, 2048),
  frames: option.integer(1, 4096),
  bands: option.integer(4, 128),
  lowest: option.number(0, 96_000),
  highest: option.number(1, 96_000),
  normalize: option.oneOf(...soundFields.normalize),
};

const storedRules = Object.fromEntries(
  Object.entries(soundRules).map(([name, rule]) => [name, option.required(rule)]),
) as OptionRules<SoundSettings>;

/**
 * Settings that a file has: all of them must be there, since defaults may be others than when it was written.
 * @throws BitgradError `invalid-option`
 */
export const storedSound = (value: unknown, source = 'bits'): SoundSettings =>
  soundSettings(checkOptions(source, 'the sound', value as SoundSettings, storedRules), source);

/**
 * Settings in full; frames and bands of other rates than the default's are as long, and end at as much of the rate.
 * @param source the package that asks, for messages
 * @throws BitgradError `invalid-option`: also where a band would lie between two frequencies of the transform
 */
export function soundSettings(given: SoundOptions = {}, source = 'bits'): SoundSettings {
  const options = checkOptions(source, 'the sound', given, soundRules);
  const rate = (options.sampleRate ?? defaultSound.sampleRate) / defaultSound.sampleRate;
  const settings: SoundSettings = {
    ...defaultSound,
    frame: powers.find((p) => p >= defaultSound.frame * rate) ?? powers.at(-1)!,
    hop: Math.max(1, Math.round(defaultSound.hop * rate)),
    highest: Math.min(7600, defaultSound.highest * rate),
    ...options,
  };
  const { lowest, highest, sampleRate, hop, frame } = settings;
  const fail = failureOf(source);
  if (highest > sampleRate / 2 || lowest >= highest)
    throw fail('invalid-option', {
      what: 'lowest and highest frequency of the sound',
      got: [lowest, highest],
      expected: `from 0 to half of the sample rate, ${sampleRate / 2}, the lowest first`,
    });
  if (hop > frame)
    throw fail('invalid-option', {
      what: 'hop of the sound',
      got: hop,
      expected: `at most the frame, ${frame}: samples between two frames would not be heard`,
    });
  return settings;
}

/** Samples of an example. */
export const soundLength = ({ frame, hop, frames }: SoundSettings): number => (frames - 1) * hop + frame;
