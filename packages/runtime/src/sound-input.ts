// From samples to a model's input: the same bytes as in training.
import {
  checkValue,
  option,
  resample,
  soundBytes,
  soundFrames as framesOf,
  soundSettings,
  soundStream as streamOf,
  type SoundSettings,
} from '@bitgrad/bits';
import type { InputArray } from './engine.js';
import { check } from './fail.js';
import { normalizeBytes } from './input.js';
import type { InputNormalization } from './model.js';
import type { BufferSpec } from './plan.js';

/** What {@link soundInput} needs to know about a model; a loaded `Model` has it. */
export interface SoundTarget {
  input: BufferSpec;
  metadata?: { normalization?: InputNormalization; sound?: SoundSettings };
}

const samplesRule = option.required(
  option.of(
    'an Int16Array, or a Float32Array from -1 to 1',
    (v) => v instanceof Int16Array || v instanceof Float32Array,
  ),
);
const rateRule = option.required(option.integer(1000, 1_000_000));

/** The settings of a model of sound, and its bytes as it takes them. */
function prepare(name: string, target: SoundTarget, sampleRate: number) {
  const { input, metadata } = (target ?? {}) as Partial<SoundTarget>;
  check(
    metadata?.sound !== undefined && Array.isArray(input?.shape),
    'invalid-option',
    `model of ${name}`,
    metadata?.sound === undefined ? 'one whose file has no metadata.sound' : target,
    'what loadModel gives of a model that was trained on sound',
  );
  checkValue('runtime', 'sample rate', sampleRate, rateRule);
  const settings = soundSettings(metadata!.sound, 'runtime');
  const { frames, bands } = settings;
  check(
    input!.shape.join() === `${frames},${bands},1`,
    'shape-mismatch',
    'input shape of the model',
    input!.shape,
    `[${frames}, ${bands}, 1], as its settings of sound say`,
  );
  const given = (bytes: Uint8Array): InputArray =>
    input!.type === 'u8' ? bytes : normalizeBytes(bytes, 1, metadata!.normalization);
  return { settings, given };
}

/**
 * Turns a recording into a model's input as training made its own: resampled, the loudest part of the model's length, its mel
 * spectrum in bytes (`metadata.sound` says how).
 * @param samples one channel: 16 bits, or floats from -1 to 1
 * @param sampleRate of the samples, in Hz
 * @param target a loaded model, or its input and metadata
 * @returns [frames, bands, 1], Uint8Array or Float32Array as the model takes
 * @throws BitgradError `invalid-option`, also for a model that was not trained on sound; `shape-mismatch`
 */
export function soundInput(
  samples: Int16Array | Float32Array,
  sampleRate: number,
  target: SoundTarget,
): InputArray {
  const { settings, given } = prepare('soundInput', target, sampleRate);
  checkValue('runtime', 'samples', samples, samplesRule);
  return given(soundBytes(resample(samples, sampleRate, settings.sampleRate), settings));
}

/** Sound as it comes in, for a model. */
export interface SoundStream {
  /**
   * Takes further samples.
   * @returns the model's input; undefined before there is enough, and where nothing new is complete
   */
  push(samples: Int16Array | Float32Array): InputArray | undefined;
  /** Forgets what was heard. */
  reset(): void;
}

/** Sound as it comes in: `open` makes bytes of what is pushed; it has the model's rate, so that no filter runs across the pieces. */
function streamed(
  name: string,
  sampleRate: number,
  target: SoundTarget,
  open: (settings: SoundSettings) => ReturnType<typeof streamOf>,
): SoundStream {
  const { settings, given } = prepare(name, target, sampleRate);
  check(
    sampleRate === settings.sampleRate,
    'invalid-option',
    `sample rate of ${name}`,
    sampleRate,
    `${settings.sampleRate}, that of the model`,
    'In a page, new AudioContext({ sampleRate }) gives it.',
  );
  const stream = open(settings);
  return {
    push(samples) {
      checkValue('runtime', 'samples', samples, samplesRule);
      const bytes = stream.push(samples);
      return bytes?.length ? given(bytes) : undefined;
    },
    reset: () => stream.reset(),
  };
}

/**
 * As {@link soundInput}, of sound that goes on: only frames that are new are computed.
 * @param sampleRate of what is pushed: that of the model, so that no filter runs across the pieces
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export const soundStream = (sampleRate: number, target: SoundTarget): SoundStream =>
  streamed('soundStream', sampleRate, target, streamOf);

/**
 * New frames of sound that goes on, for `loadStream`: its `push` takes what this one gives.
 * @param sampleRate of what is pushed: that of the model
 * @returns its `push` gives the frames that are complete with the samples, [n, bands]; undefined where there are none
 * @throws BitgradError `invalid-option`, also for a model of sound normalized to the peak; `shape-mismatch`
 */
export const soundFrames = (sampleRate: number, target: SoundTarget): SoundStream =>
  streamed('soundFrames', sampleRate, target, framesOf);
