// Sound in which nobody speaks, by seed: for a class of background, and to count what a model hears there.
import { checkValue, createRng, option, toInt16, type Rng } from '@bitgrad/core';

/** The next sample, from -1 to 1 but for rare peaks. */
type Source = (rng: Rng, sampleRate: number) => () => number;

const sources = {
  /** The last bits of a microphone that hears nothing. */
  silence: (rng) => () => 0.0002 * rng.normal(),
  'white noise': (rng) => () => 0.05 * rng.normal(),
  /** 1/f: white noise through the filter of Paul Kellet. */
  'pink noise': (rng) => {
    let [a, b, c] = [0, 0, 0];
    return () => {
      const white = rng.normal();
      a = 0.99765 * a + white * 0.099046;
      b = 0.963 * b + white * 0.2965164;
      c = 0.57 * c + white * 1.0526913;
      return 0.02 * (a + b + c + white * 0.1848);
    };
  },
  /** Mains and motors: a low tone with some of its harmonics. */
  hum: (rng, sampleRate) => {
    const step = (2 * Math.PI * (50 + 350 * rng.next())) / sampleRate;
    const gains = [1, rng.next(), rng.next(), 0.5 * rng.next()];
    let i = 0;
    return () => {
      i++;
      return (
        0.05 * gains.reduce((sum, gain, k) => sum + gain * Math.sin(step * (k + 1) * i), 0) +
        0.005 * rng.normal()
      );
    };
  },
  /** Knocks and keys: short bursts that fade. */
  clicks: (rng, sampleRate) => {
    let level = 0;
    const fade = 0.5 ** (1 / (sampleRate * (0.002 + 0.03 * rng.next())));
    return () => {
      if (rng.next() < 4 / sampleRate) level = 0.1 + 0.5 * rng.next();
      level *= fade;
      return (level + 0.0005) * rng.normal() * 0.5;
    };
  },
} satisfies Record<string, Source>;

/** A kind of sound in which nobody speaks. */
export type NoiseKind = keyof typeof sources;

/** All kinds. */
export const noiseKinds = Object.keys(sources) as readonly NoiseKind[];

const kindRule = option.required(option.oneOf(...noiseKinds));
const lengthRule = option.required(option.integer(1, 2 ** 30));

/**
 * Noise in 16 bits.
 * @param kind one of {@link noiseKinds}
 * @param length samples
 * @param sampleRate in Hz
 * @param seed decides it
 * @throws BitgradError `invalid-option`
 */
export function createNoise(kind: NoiseKind, length: number, sampleRate: number, seed: number): Int16Array {
  checkValue('datasets', 'kind of noise', kind, kindRule);
  checkValue('datasets', 'length of the noise', length, lengthRule);
  checkValue('datasets', 'sample rate of the noise', sampleRate, lengthRule);
  checkValue('datasets', 'seed of the noise', seed, option.required(option.integer()));
  const next = sources[kind](createRng(seed).fork(kind), sampleRate);
  return Int16Array.from({ length }, () => toInt16(32768 * next()));
}
