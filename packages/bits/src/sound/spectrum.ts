// Logarithmic mel spectra in integers: every step is exact or rounded in one stated way, so that Node, browsers and C give
// the same bytes. All products stay below 2^53.
import type { SoundSettings } from './fields.js';

/** Tables of integers that the spectra of some settings are made with. */
export interface SpectrumTables {
  /** Hann window, 15 bits of fraction, [frame]. */
  readonly window: Int16Array;
  /** cos and -sin of 2 pi k / frame, 15 bits of fraction, [frame / 2] each. */
  readonly cosine: Int16Array;
  readonly sine: Int16Array;
  /** Where the transform of half the length takes each pair of samples: bits in reverse, [frame / 2]. */
  readonly order: Uint16Array;
  /** First frequency of each band, [bands]. */
  readonly first: Uint16Array;
  /** Where the weights of each band begin in {@link weights}, and their end, [bands + 1]. */
  readonly offsets: Uint16Array;
  /** Triangles of the mel scale, 6 bits of fraction. */
  readonly weights: Uint8Array;
  /** Bits that powers are shifted by, so that a band of a long frame has room. */
  readonly shift: number;
}

/** Hz to mel (O'Shaughnessy 1987): 2595 log10(1 + f / 700), and back. */
const toMel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
const toHz = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

const unit = 2 ** 15 - 1;

/** The tables of settings. */
export function spectrumTables({ frame, bands, sampleRate, lowest, highest }: SoundSettings): SpectrumTables {
  const bits = Math.log2(frame);
  const turn = (2 * Math.PI) / frame;
  const tabled = (length: number, value: (k: number) => number): Int16Array =>
    Int16Array.from({ length }, (_, k) => Math.round(unit * value(k)));
  const order = new Uint16Array(frame / 2);
  for (let i = 0; i < frame / 2; i++) order[i] = (order[i >> 1]! >> 1) | ((i & 1) << (bits - 2));
  const [from, to] = [toMel(lowest), toMel(highest)];
  // Corners of the triangles, in frequencies of the transform.
  const corners = Array.from(
    { length: bands + 2 },
    (_, i) => (toHz(from + ((to - from) * i) / (bands + 1)) * frame) / sampleRate,
  );
  const triangle = (k: number, [a, b, c]: readonly [number, number, number]): number =>
    Math.max(0, Math.min((k - a) / (b - a), (c - k) / (c - b)));
  const lists = Array.from({ length: bands }, (_, band) => {
    const [a, b, c] = corners.slice(band, band + 3) as [number, number, number];
    const start = Math.max(0, Math.floor(a));
    const values: number[] = Array.from({ length: Math.ceil(c) - start + 1 }, (_, i) =>
      Math.round(64 * triangle(start + i, [a, b, c])),
    );
    // A narrow band may lie between two frequencies: it takes the nearest.
    if (!values.some((w) => w > 0)) values[Math.min(values.length - 1, Math.round(b) - start)] = 64;
    const used = values.findIndex((w) => w > 0);
    const end = values.findLastIndex((w) => w > 0) + 1;
    return { first: start + used, values: values.slice(used, end).slice(0, frame / 2 + 1 - start - used) };
  });
  const offsets = new Uint16Array(bands + 1);
  lists.forEach(({ values }, i) => (offsets[i + 1] = offsets[i]! + values.length));
  return {
    window: tabled(frame, (k) => 0.5 - 0.5 * Math.cos(turn * k)),
    cosine: tabled(frame / 2, (k) => Math.cos(turn * k)),
    sine: tabled(frame / 2, (k) => -Math.sin(turn * k)),
    order,
    first: Uint16Array.from(lists, ({ first }) => first),
    offsets,
    weights: Uint8Array.from(lists.flatMap(({ values }) => values)),
    shift: Math.max(0, 2 * (bits - 8)),
  };
}

const scaled = (value: number): number => Math.floor((value + 2 ** 14) * 2 ** -15);

/** 256 log2(x) of an integer from 1: straight between powers of two (Mitchell 1962), at most 22 below the logarithm. */
export function log256(x: number): number {
  let exponent = 31 - Math.clz32(x >= 2 ** 31 ? Math.floor(x / 2 ** 31) : x);
  if (x >= 2 ** 31) exponent += 31;
  return 256 * exponent + Math.floor((x / 2 ** exponent - 1) * 256);
}

/** What computes the spectra of some settings; it holds the memory of one frame. */
export function createSpectrum(settings: SoundSettings) {
  const tables = spectrumTables(settings);
  const { window, cosine, sine, order, first, offsets, weights, shift } = tables;
  const { frame, bands } = settings;
  const half = frame / 2;
  // Integers of up to 26 bits, as doubles: their products with tables have 42, their squares 52.
  const [re, im] = [new Float64Array(half), new Float64Array(half)];
  const power = new Float64Array(half + 1);
  // Twice the amplitudes: a quarter of their squares.
  const down = 2 ** -(shift + 2);
  const transform = (): void => {
    for (let size = 1, step = half; size < half; size *= 2, step /= 2)
      for (let k = 0; k < size; k++) {
        const [c, s] = [cosine[k * step]!, sine[k * step]!];
        for (let i = k; i < half; i += 2 * size) {
          const j = i + size;
          const [a, b] = [re[j]!, im[j]!];
          const x = scaled(a * c - b * s);
          const y = scaled(a * s + b * c);
          re[j] = re[i]! - x;
          im[j] = im[i]! - y;
          re[i] = re[i]! + x;
          im[i] = im[i]! + y;
        }
      }
  };
  /** Of the transform of even samples as real, odd ones as imaginary parts: that of all of them (Sorensen et al. 1987). */
  const powers = (): void => {
    power[0] = Math.floor(4 * (re[0]! + im[0]!) ** 2 * down);
    power[half] = Math.floor(4 * (re[0]! - im[0]!) ** 2 * down);
    for (let k = 1; k < half; k++) {
      const [c, s] = [cosine[k]!, sine[k]!];
      const [a, b] = [re[k]! - re[half - k]!, im[k]! + im[half - k]!];
      const x = re[k]! + re[half - k]! + scaled(b * c + a * s);
      const y = im[k]! - im[half - k]! + scaled(b * s - a * c);
      power[k] = Math.floor((x * x + y * y) * down);
    }
  };
  return {
    tables,
    /**
     * The spectrum of one frame.
     * @param samples 16-bit samples; those beyond its ends are silence
     * @param at first sample of the frame
     * @param out takes 256 log2(1 + the energy of each band), from `to` on
     */
    frame(samples: Int16Array, at: number, out: Int16Array, to: number): void {
      for (let i = 0; i < half; i++) {
        re[order[i]!] = scaled((samples[at + 2 * i] ?? 0) * window[2 * i]!);
        im[order[i]!] = scaled((samples[at + 2 * i + 1] ?? 0) * window[2 * i + 1]!);
      }
      transform();
      powers();
      for (let band = 0; band < bands; band++) {
        let sum = 1;
        for (let i = offsets[band]!, k = first[band]!; i < offsets[band + 1]!; i++, k++)
          sum += weights[i]! * power[k]!;
        out[to + band] = log256(sum);
      }
    },
  };
}
