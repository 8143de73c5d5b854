// Spectra against the formulas they round, the part that is heard, sound as it comes in, and other sample rates.
import { describe, expect, it } from 'vitest';
import {
  BitgradError,
  createResampler,
  createRng,
  defaultSound,
  resample,
  soundBytes,
  soundLength,
  soundSettings,
  soundStream,
  toInt16,
  type SoundSettings,
} from '../src/index.js';
import { loudest } from '../src/sound/features.js';
import { createSpectrum, log256, spectrumTables } from '../src/sound/spectrum.js';

const tone = (hertz: number, rate: number, length: number, amplitude = 20_000): Int16Array =>
  Int16Array.from({ length }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hertz * i) / rate)));

const noise = (length: number, seed: number, amplitude = 8000): Int16Array => {
  const rng = createRng(seed);
  return Int16Array.from({ length }, () => Math.round(amplitude * (2 * rng.next() - 1)));
};

/** Energies of the bands in floats: Hann window, the transform by its definition, triangles on the mel scale. */
function energies(samples: Int16Array, at: number, settings: SoundSettings): number[] {
  const { frame, bands, sampleRate, lowest, highest } = settings;
  const power = Array.from({ length: frame / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < frame; i++) {
      const v = (samples[at + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frame));
      re += v * Math.cos((2 * Math.PI * k * i) / frame);
      im -= v * Math.sin((2 * Math.PI * k * i) / frame);
    }
    return re * re + im * im;
  });
  const mel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
  const corner = (i: number): number => {
    const at = mel(lowest) + ((mel(highest) - mel(lowest)) * i) / (bands + 1);
    return 700 * (10 ** (at / 2595) - 1);
  };
  return Array.from({ length: bands }, (_, band) =>
    power.reduce((sum, p, k) => {
      const [hz, a, b, c] = [(k * sampleRate) / frame, corner(band), corner(band + 1), corner(band + 2)];
      return sum + p * Math.max(0, Math.min((hz - a) / (b - a), (c - hz) / (c - b)));
    }, 0),
  );
}

it.each([
  [0.49, 0],
  [0.5, 1],
  [-0.5, 0],
  [-1.5, -1],
  [-1.51, -2],
  [32_767.4, 32_767],
  [32_767.5, 32_767],
  [1e300, 32_767],
  [-32_768.4, -32_768],
  [-32_769, -32_768],
  [Infinity, 32_767],
  [-Infinity, -32_768],
  [NaN, 0],
])('%d is %d in 16 bits', (value, expected) => expect(toInt16(value)).toBe(expected));

describe('a frame', () => {
  it.each([
    [8000, 256],
    [16_000, 512],
    [16_000, 2048],
  ])('of %d Hz and %d samples has the energies of the formulas', (sampleRate, frame) => {
    // Bands that are wide enough for triangles in 64ths.
    const settings = soundSettings({ sampleRate, frame, bands: 12, lowest: 200 });
    const spectrum = createSpectrum(settings);
    const out = new Int16Array(12);
    const bits = Math.max(0, 2 * (Math.log2(frame) - 8));
    for (const samples of [
      noise(frame + 40, 3),
      noise(frame + 40, 4, 300),
      tone(1000, sampleRate, frame + 40),
    ]) {
      spectrum.frame(samples, 7, out, 0);
      energies(samples, 7, settings).forEach((energy, band) => {
        const want = 256 * Math.log2(1 + (64 * energy) / 2 ** bits);
        // Rounded to 16 bits at every stage, what is 80 dB below the loudest is lost.
        if (energy > 1e9) expect(Math.abs(out[band]! - want)).toBeLessThan(40);
      });
    }
  });

  it('has tables of integers, one weight or more a band', () => {
    for (const bands of [8, 40, 128]) {
      const { window, offsets, weights, first } = spectrumTables(soundSettings({ bands }));
      expect(window[0]).toBe(0);
      expect(window[128]).toBe(32_767);
      expect(offsets.length).toBe(bands + 1);
      for (let band = 0; band < bands; band++) {
        expect(offsets[band + 1]!).toBeGreaterThan(offsets[band]!);
        expect(first[band]! + offsets[band + 1]! - offsets[band]!).toBeLessThanOrEqual(129);
      }
      expect(Math.max(...weights)).toBeLessThanOrEqual(64);
    }
  });

  it('has no overflow where it is loudest', () => {
    for (const frame of [64, 256, 2048] as const) {
      const settings = soundSettings({ sampleRate: 8000, frame, hop: 32, bands: 8 });
      const square = Int16Array.from({ length: frame }, (_, i) => (i % 16 < 8 ? 32_767 : -32_768));
      const out = new Int16Array(8);
      createSpectrum(settings).frame(square, 0, out, 0);
      for (const [band, energy] of energies(square, 0, settings).entries())
        if (energy > 1e12) {
          const want = 256 * Math.log2((64 * energy) / 2 ** Math.max(0, 2 * (Math.log2(frame) - 8)));
          expect(Math.abs(out[band]! - want)).toBeLessThan(60);
        }
    }
  });
});

it('256 log2 is that of powers of two, and at most 22 below between them', () => {
  for (let e = 0; e <= 52; e++) expect(log256(2 ** e)).toBe(256 * e);
  const rng = createRng(1);
  for (let i = 0; i < 2000; i++) {
    const x = Math.floor(2 ** (52 * rng.next())) + 1;
    const below = 256 * Math.log2(x) - log256(x);
    expect(below).toBeGreaterThan(-1e-9);
    expect(below).toBeLessThan(24);
  }
});

describe('the bytes of a recording', () => {
  it('are of its loudest part', () => {
    const word = noise(soundLength(defaultSound), 5);
    const long = new Int16Array(30_000);
    long.set(word, 12_345);
    expect(loudest(long, word.length)).toBe(12_345);
    expect(soundBytes(long, defaultSound)).toEqual(soundBytes(word, defaultSound));
  });

  it('have silence on both sides of a short one', () => {
    const short = noise(1000, 6);
    const whole = new Int16Array(soundLength(defaultSound));
    whole.set(short, Math.floor((whole.length - 1000) / 2));
    expect(soundBytes(short, defaultSound)).toEqual(soundBytes(whole, defaultSound));
    // Where there is nothing to compare with, silence is silence.
    for (const normalize of ['peak', 'fixed'] as const)
      expect(soundBytes(new Int16Array(0), { ...defaultSound, normalize })).toEqual(new Uint8Array(48 * 32));
  });

  it('do not depend on the gain where they go to the peak, and do where they are fixed', () => {
    const [quiet, loud] = [noise(8000, 7, 2000), noise(8000, 7, 16_000)];
    const apart = (normalize: 'peak' | 'fixed'): number => {
      const settings = soundSettings({ normalize });
      const [a, b] = [soundBytes(quiet, settings), soundBytes(loud, settings)];
      return b.reduce((sum, v, i) => sum + v - a[i]!, 0) / a.length;
    };
    expect(Math.abs(apart('peak'))).toBeLessThan(0.5);
    // 8 times as loud is 6 octaves of energy, of 8 steps each.
    expect(apart('fixed')).toBeCloseTo(48, 0);
  });

  it('are the same of floats', () => {
    const samples = noise(5000, 8);
    expect(
      soundBytes(
        Float32Array.from(samples, (v) => v / 32768),
        defaultSound,
      ),
    ).toEqual(soundBytes(samples, defaultSound));
  });

  it('show a tone in its band', () => {
    const bytes = soundBytes(tone(1000, 8000, 8000, 4000), soundSettings({ normalize: 'fixed' }));
    const row = [...bytes.subarray(24 * 32, 25 * 32)];
    const mel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
    const want = Math.round((33 * (mel(1000) - mel(60))) / (mel(3800) - mel(60))) - 1;
    expect(row.indexOf(Math.max(...row))).toBe(want);
  });
});

it('a stream has the bytes of what was heard last, in pieces of any length', () => {
  const settings = soundSettings({ frames: 10, normalize: 'fixed' });
  const samples = noise(9000, 9);
  const rng = createRng(10);
  const stream = soundStream(settings);
  let [given, count] = [0, 0];
  for (let at = 0; at < samples.length;) {
    const size = 1 + rng.integer(700);
    const bytes = stream.push(samples.subarray(at, at + size));
    at = Math.min(samples.length, at + size);
    const frames = Math.floor((at - settings.frame) / settings.hop) + 1;
    if (frames <= given || frames < settings.frames) {
      expect(bytes).toBeUndefined();
      continue;
    }
    given = frames;
    count++;
    const from = (frames - settings.frames) * settings.hop;
    const part = samples.slice(from, from + soundLength(settings));
    expect(bytes).toEqual(soundBytes(part, settings));
  }
  expect(count).toBeGreaterThan(10);
  stream.reset();
  expect(stream.push(samples.subarray(0, 1000))).toBeUndefined();
});

describe('another sample rate', () => {
  it('keeps a tone that both have', () => {
    for (const [from, to] of [
      [8000, 16_000],
      [16_000, 8000],
      [44_100, 16_000],
      [8000, 11_025],
    ] as const) {
      const got = resample(tone(700, from, from), from, to);
      expect(got.length).toBe(to);
      const want = tone(700, to, to);
      for (let i = 200; i < to - 200; i += 7) expect(Math.abs(got[i]! - want[i]!)).toBeLessThan(120);
    }
  });

  it('loses what the lower one has not', () => {
    const got = resample(tone(6000, 16_000, 16_000), 16_000, 8000);
    expect(Math.max(...got.subarray(200, 7800))).toBeLessThan(60);
  });

  it('is the array itself where it is the same', () => {
    const samples = Float32Array.of(0.5, -0.25);
    expect(resample(samples, 8000, 8000)).toBe(samples);
    expect(resample(samples, 8000, 16_000)).toBeInstanceOf(Float32Array);
    expect(() => resample(samples, 0, 8000)).toThrow(BitgradError);
  });

  it.each([
    [48_000, 8000],
    [44_100, 8000],
    [8000, 16_000],
    [11_025, 8000],
    [8000, 8000],
  ])('in pieces from %d to %d Hz is that of the whole', (from, to) => {
    const rng = createRng(from);
    for (const length of [0, 1, 40, 5000]) {
      const whole = Float32Array.from({ length }, () => 2 * rng.next() - 1);
      const { push, end } = createResampler(from, to);
      const got: number[] = [];
      for (let at = 0; at < length;) {
        const piece = whole.subarray(at, (at += rng.integer(700)));
        got.push(...push(piece));
        // No later than the filter asks for.
        expect(got.length).toBeGreaterThan(
          (Math.min(at, length) * to) / from - (17 * Math.max(1, to / from) + 1),
        );
      }
      got.push(...end());
      expect(got).toEqual([...resample(whole, from, to)]);
      expect(() => push(whole)).toThrow(BitgradError);
    }
    expect(() => createResampler(from, to).push([0] as never)).toThrow(/Float32Array/);
  });
});

it('settings scale with the sample rate, and refuse what cannot be', () => {
  expect(soundSettings({ sampleRate: 16_000 })).toEqual({
    ...defaultSound,
    sampleRate: 16_000,
    frame: 512,
    hop: 320,
    highest: 7600,
  });
  for (const wrong of [
    { sampleRate: 8000, highest: 4001 },
    { lowest: 2000, highest: 1000 },
    { frame: 300 },
    { hop: 300 },
    { bands: 3 },
    { windows: 2 },
  ])
    expect(() => soundSettings(wrong as never)).toThrow(BitgradError);
});
