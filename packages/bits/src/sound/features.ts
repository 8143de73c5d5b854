// The bytes of a recording: the part where most is said, its spectra, and those in 8 bits.
import { createSpectrum } from './spectrum.js';
import type { SoundSettings } from './fields.js';
import { toInt16 } from './int16.js';
import { failureOf } from '../options.js';
import { soundLength } from './settings.js';

/** Which energies bytes stand for, in 256ths of an octave. */
export interface ByteScale {
  /** Of byte 0; where it is undefined, byte 255 is the loudest of the example, and digital silence is 0. */
  readonly zero?: number;
  /** From one byte to the next: 2^bits. */
  readonly bits: number;
}

/** `fixed`: 96 dB up to the loudest tone, in steps of 0.38 dB; `peak`: 48 dB down from the loudest of the example, of 0.19 dB. */
export const byteScales: Readonly<Record<SoundSettings['normalize'], ByteScale>> = {
  fixed: { zero: 18 * 256, bits: 5 },
  peak: { bits: 4 },
};

/** Samples in 16 bits, of floats from -1 to 1 too. */
const wholeSamples = (samples: Int16Array | Float32Array): Int16Array =>
  samples instanceof Int16Array ? samples : Int16Array.from(samples, (v) => toInt16(v * 32768));

/** Where the loudest `length` samples begin, by the sum of magnitudes; negative where there are fewer, half on each side. */
export function loudest(samples: Int16Array, length: number): number {
  if (samples.length <= length) return -Math.floor((length - samples.length) / 2);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.abs(samples[i]!);
  let [best, at] = [sum, 0];
  for (let i = length; i < samples.length; i++) {
    sum += Math.abs(samples[i]!) - Math.abs(samples[i - length]!);
    if (sum > best) [best, at] = [sum, i - length + 1];
  }
  return at;
}

/**
 * Spectra in bytes.
 * @param spectra 256 log2(energy), [frames, bands]
 * @param out as many bytes
 */
function spectraBytes(
  spectra: Int16Array,
  { normalize }: Pick<SoundSettings, 'normalize'>,
  out: Uint8Array | Uint8ClampedArray,
): void {
  const { bits, zero: fixed } = byteScales[normalize];
  const { length } = spectra;
  let most = 0;
  for (let i = 0; i < length; i++) most = Math.max(most, spectra[i]!);
  // An example quieter than the scale is high has nothing loud in it: its bytes begin at no energy at all.
  const zero = fixed ?? Math.max(0, most - 255 * 2 ** bits);
  for (let i = 0; i < length; i++) out[i] = Math.max(0, Math.min(255, (spectra[i]! - zero) >> bits));
}

/** Makes {@link soundBytes} of many recordings: tables and memory are made once. */
export function soundReader(
  settings: SoundSettings,
): (samples: Int16Array | Float32Array, offset?: number) => Uint8Array {
  const { frames, bands, hop } = settings;
  const spectrum = createSpectrum(settings);
  const spectra = new Int16Array(frames * bands);
  return (samples, offset = 0) => {
    const whole = wholeSamples(samples);
    const at = loudest(whole, soundLength(settings)) + offset;
    for (let t = 0; t < frames; t++) spectrum.frame(whole, at + t * hop, spectra, t * bands);
    const bytes = new Uint8Array(frames * bands);
    spectraBytes(spectra, settings, bytes);
    return bytes;
  };
}

/**
 * The bytes that a network takes of a recording: the loudest part of the length of an example, silence on both sides of a
 * shorter one.
 * @param samples at the sample rate of the settings; 16 bits, or floats from -1 to 1
 * @param offset samples by which that part begins later
 * @returns [frames, bands], row-major
 */
export const soundBytes = (
  samples: Int16Array | Float32Array,
  settings: SoundSettings,
  offset = 0,
): Uint8Array => soundReader(settings)(samples, offset);

/**
 * Spectra of the frames that are complete, as sound comes in.
 * @param row makes place for one: the array that takes its bands, and where they begin
 * @returns takes samples, and gives how many frames were complete
 */
function spectraAsTheyCome(settings: SoundSettings, row: () => readonly [Int16Array, number]) {
  const { hop, frame } = settings;
  const spectrum = createSpectrum(settings);
  let rest = new Int16Array(0);
  return {
    push(samples: Int16Array | Float32Array): number {
      const added = wholeSamples(samples);
      const all = new Int16Array(rest.length + added.length);
      all.set(rest);
      all.set(added, rest.length);
      let at = 0;
      for (; at + frame <= all.length; at += hop) spectrum.frame(all, at, ...row());
      rest = all.slice(at);
      return at / hop;
    },
    reset(): void {
      rest = new Int16Array(0);
    },
  };
}

/**
 * Bytes of sound as it comes in: each call computes the new frames alone.
 * @returns a function that takes samples and gives the bytes of the last `frames` frames, or undefined before there are so
 *   many and where no new one is complete; the array is used again
 */
export function soundStream(settings: SoundSettings): {
  push(samples: Int16Array | Float32Array): Uint8Array | undefined;
  /** Forgets what was heard. */
  reset(): void;
} {
  const { frames, bands } = settings;
  const spectra = new Int16Array(frames * bands);
  const bytes = new Uint8Array(frames * bands);
  let heard = 0;
  const come = spectraAsTheyCome(settings, () => {
    spectra.copyWithin(0, bands);
    return [spectra, (frames - 1) * bands];
  });
  return {
    push(samples) {
      const complete = come.push(samples);
      heard += complete;
      if (complete === 0 || heard < frames) return undefined;
      spectraBytes(spectra, settings, bytes);
      return bytes;
    },
    reset() {
      come.reset();
      heard = 0;
    },
  };
}

/**
 * Bytes of new frames alone, for what remembers earlier ones itself.
 * @returns takes samples and gives the bytes of the frames that are complete with them, [n, bands]; n may be 0
 * @throws BitgradError `invalid-option` where bytes depend on how loud the rest of an example is
 */
export function soundFrames(settings: SoundSettings): {
  push(samples: Int16Array | Float32Array): Uint8Array;
  /** Forgets the samples of a frame that is not complete. */
  reset(): void;
} {
  if (byteScales[settings.normalize].zero === undefined)
    throw failureOf('bits')('invalid-option', {
      what: 'normalize of sound whose frames are computed once',
      got: settings.normalize,
      expected: 'fixed: to the peak of an example, bytes of a frame change with those after it',
    });
  const { bands } = settings;
  let rows: Int16Array[] = [];
  const come = spectraAsTheyCome(settings, () => {
    const row = new Int16Array(bands);
    rows.push(row);
    return [row, 0];
  });
  return {
    push(samples) {
      rows = [];
      const bytes = new Uint8Array(come.push(samples) * bands);
      rows.forEach((row, t) => spectraBytes(row, settings, bytes.subarray(t * bands, (t + 1) * bands)));
      return bytes;
    },
    reset: () => come.reset(),
  };
}
