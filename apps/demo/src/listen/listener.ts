// A model that listens: samples in, an answer every tenth of a second, words.
import { createResampler, soundLength, type SoundSettings } from '@bitgrad/bits';
import {
  createDetector,
  soundStream,
  topClasses,
  type ClassScore,
  type Detection,
  type Model,
} from '@bitgrad/runtime';

/** What the model says of what was heard last. */
export interface Answer {
  /** From the first sample on. */
  readonly seconds: number;
  /** Every class, in the model's order. */
  readonly scores: readonly ClassScore[];
  /** The word that was heard now, if one was. */
  readonly word?: Detection;
  /** The bytes that the model took, [frames, bands]. */
  readonly input: Uint8Array;
  /** How many of its frames are new. */
  readonly fresh: number;
  /** Time that the network took, in ms. */
  readonly ms: number;
}

/** A model of sound that is loaded. */
export interface Hearing {
  readonly model: Model;
  readonly sound: SoundSettings;
}

const answersPerSecond = 10;

/** The settings of a model's sound. @throws Error for a model that does not listen */
export function soundOf({ metadata, input }: Model): SoundSettings {
  if (!metadata.sound || input.type !== 'u8' || !metadata.classes)
    throw new Error('This model was not trained on sound: it does not say how recordings become bytes.');
  return metadata.sound;
}

/** Seconds of an example. */
export const exampleSeconds = (sound: SoundSettings): number => soundLength(sound) / sound.sampleRate;

/**
 * Listens to samples of any rate.
 * @param threshold probability from which a word counts
 * @param onSamples takes the samples at the model's rate, before they are answered
 */
export function createListener(
  { model, sound }: Hearing,
  sampleRate: number,
  threshold: number,
  onAnswer: (answer: Answer) => void,
  onSamples: (samples: Float32Array) => void = () => {},
) {
  const { sampleRate: rate, hop, frame } = sound;
  const resampler = createResampler(sampleRate, rate);
  const stream = soundStream(rate, model);
  // A word is in view for as long as an example is: it must not be heard twice.
  const detector = createDetector({ threshold, smoothing: 3, rest: 0.9 * exampleSeconds(sound) });
  const classes = model.metadata.classes!.length;
  const piece = new Float32Array(Math.round(rate / answersPerSecond));
  let [filled, heard, frames] = [0, 0, 0];
  async function answer(): Promise<void> {
    heard += piece.length;
    const before = frames;
    frames = Math.max(0, Math.floor((heard - frame) / hop) + 1);
    const input = stream.push(piece) as Uint8Array | undefined;
    if (!input) return;
    const started = performance.now();
    const output = await model.predict(input);
    const ms = performance.now() - started;
    const ranked = topClasses(output, model, classes);
    const seconds = heard / rate;
    const word = detector.push(ranked, seconds);
    const scores = [...ranked].sort((a, b) => a.index - b.index);
    onAnswer({ seconds, scores, word, input, fresh: frames - before, ms });
  }
  async function take(samples: Float32Array): Promise<void> {
    onSamples(samples);
    for (let at = 0; at < samples.length;) {
      const part = samples.subarray(at, at + piece.length - filled);
      piece.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < piece.length) return;
      filled = 0;
      await answer();
    }
  }
  let last: Promise<void> = Promise.resolve();
  return {
    /** Takes samples, behind those before; resolves when the model has answered. */
    push: (samples: Float32Array): Promise<void> => (last = last.then(() => take(resampler.push(samples)))),
  };
}
