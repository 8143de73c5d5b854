// What hears: samples to the model's input in integers, with the bytes of `soundStream` of @bitgrad/bits.
import {
  byteScales,
  soundSettings,
  spectrumTables,
  type SoundSettings,
  type SpectrumTables,
} from '@bitgrad/bits';
import type { PackedModel } from '@bitgrad/runtime';
import { arrayText } from './text.js';
import { publicType } from './values.js';

/** Texts of a model of sound; empty ones of another, and of one that takes floats. */
export interface SoundTexts {
  /** Declarations for the .h file. */
  readonly header: string;
  /** Definitions for the end of the .c file. */
  readonly source: string;
}

const tablesText = ({ window, cosine, sine, order, first, offsets, weights }: SpectrumTables): string =>
  [
    arrayText('int16_t', 'sound_window', [...window]),
    arrayText('int16_t', 'sound_cosine', [...cosine]),
    arrayText('int16_t', 'sound_sine', [...sine]),
    arrayText('uint16_t', 'sound_order', [...order]),
    arrayText('uint16_t', 'sound_first', [...first]),
    arrayText('uint16_t', 'sound_offsets', [...offsets]),
    arrayText('uint8_t', 'sound_weights', [...weights]),
  ].join('\n');

const headerOf = ({ sampleRate, hop }: SoundSettings, name: string, output: string): string => {
  const N = name.toUpperCase();
  return `
/* Samples a second that ${name}_feed takes, and samples from one frame to the next. */
#define ${N}_SAMPLE_RATE ${sampleRate}
#define ${N}_HOP ${hop}

/* Takes samples of one channel, in pieces of any length. Returns the number of frames that became complete, or -1. */
int ${name}_feed(const int16_t *samples, int count);

/* Runs the network on what was heard last. Returns 0, or -1 for a null pointer and before enough was heard. */
int ${name}_listen(${output} *output);

/* Forgets what was heard. */
void ${name}_forget(void);
`;
};

/** The Fourier transform in place, its input in the order of reversed bits. */
const transformText = (frame: number, shift: number): string => `/* x / 2^15, rounded to the nearest. */
static int32_t sound_scaled(int64_t x)
{
  x += 16384;
  return (int32_t)(x >= 0 ? x / 32768 : -((32767 - x) / 32768));
}

static void sound_transform(void)
{
  int size, step, start, k;
  for (size = 1, step = ${frame / 2}; size < ${frame / 2}; size *= 2, step /= 2) {
    for (start = 0; start < ${frame / 2}; start += 2 * size) {
      for (k = 0; k < size; k++) {
        const int i = start + k, j = i + size;
        const int64_t c = sound_cosine[k * step], s = sound_sine[k * step];
        const int32_t x = sound_scaled(sound_re[j] * c - sound_im[j] * s);
        const int32_t y = sound_scaled(sound_re[j] * s + sound_im[j] * c);
        sound_re[j] = sound_re[i] - x;
        sound_im[j] = sound_im[i] - y;
        sound_re[i] += x;
        sound_im[i] += y;
      }
    }
  }
}

/* The power of a frequency of the frame, of the transform of even samples as real, odd ones as imaginary parts. */
static uint64_t sound_power(int k)
{
  int64_t x, y = 0;
  if (k == 0) x = 2 * ((int64_t)sound_re[0] + sound_im[0]);
  else if (k == ${frame / 2}) x = 2 * ((int64_t)sound_re[0] - sound_im[0]);
  else {
    const int64_t c = sound_cosine[k], s = sound_sine[k];
    const int32_t a = sound_re[k] - sound_re[${frame / 2} - k], b = sound_im[k] + sound_im[${frame / 2} - k];
    x = (int64_t)sound_re[k] + sound_re[${frame / 2} - k] + sound_scaled(b * c + a * s);
    y = (int64_t)sound_im[k] - sound_im[${frame / 2} - k] + sound_scaled(b * s - a * c);
  }
  return (uint64_t)(x * x + y * y) >> ${shift + 2};
}
`;

/** From the samples of a frame to its row of spectra. */
const spectrumText = (settings: SoundSettings): string => {
  const { frame, frames, bands } = settings;
  const tables = spectrumTables(settings);
  const size = frames * bands;
  return `/* Hann window, Fourier transform, triangles of the mel scale and logarithm, in integers. */
${tablesText(tables)}
static int16_t sound_samples[${frame}];
static int16_t sound_spectra[${frames}][${bands}];
static int32_t sound_re[${frame / 2}], sound_im[${frame / 2}];
static uint64_t sound_powers[${frame / 2 + 1}];
static uint8_t sound_input[${size}];
static int sound_filled, sound_row, sound_heard;

${transformText(frame, tables.shift)}
/* 256 log2(x), straight between powers of two. */
static int16_t sound_log(uint64_t x)
{
  int e = 0;
  while (x >> e > 1) e++;
  return (int16_t)(256 * e + (int)((x << 8) >> e) - 256);
}

static void sound_frame(void)
{
  int i, k, band;
  for (i = 0; i < ${frame / 2}; i++) {
    sound_re[sound_order[i]] = sound_scaled((int64_t)sound_samples[2 * i] * sound_window[2 * i]);
    sound_im[sound_order[i]] = sound_scaled((int64_t)sound_samples[2 * i + 1] * sound_window[2 * i + 1]);
  }
  sound_transform();
  for (k = 0; k <= ${frame / 2}; k++) sound_powers[k] = sound_power(k);
  for (band = 0; band < ${bands}; band++) {
    uint64_t sum = 1;
    for (i = sound_offsets[band], k = sound_first[band]; i < sound_offsets[band + 1]; i++, k++)
      sum += sound_weights[i] * sound_powers[k];
    sound_spectra[sound_row][band] = sound_log(sum);
  }
  sound_row = (sound_row + 1) % ${frames};
  if (sound_heard < ${frames}) sound_heard++;
}
`;
};

/** What is called: samples in, outputs of the network out. */
const listenText = (
  { frame, hop, frames, bands, normalize }: SoundSettings,
  name: string,
  output: string,
): string => {
  const { bits, zero } = byteScales[normalize];
  const step = 2 ** bits;
  return `int ${name}_feed(const int16_t *samples, int count)
{
  int i, complete = 0;
  if (!samples || count < 0) return -1;
  for (i = 0; i < count; i++) {
    sound_samples[sound_filled++] = samples[i];
    if (sound_filled < ${frame}) continue;
    sound_frame();
    complete++;
    memmove(sound_samples, sound_samples + ${hop}, sizeof sound_samples - ${hop} * sizeof *sound_samples);
    sound_filled -= ${hop};
  }
  return complete;
}

int ${name}_listen(${output} *y)
{
  int t, band;
  int32_t zero = ${zero ?? 0};
  if (!y || sound_heard < ${frames}) return -1;
${
  zero === undefined
    ? `  for (t = 0; t < ${frames}; t++)
    for (band = 0; band < ${bands}; band++) if (sound_spectra[t][band] > zero) zero = sound_spectra[t][band];
  zero = zero > ${255 * step} ? zero - ${255 * step} : 0;
`
    : ''
}  for (t = 0; t < ${frames}; t++) {
    const int16_t *row = sound_spectra[(sound_row + t) % ${frames}];
    for (band = 0; band < ${bands}; band++) {
      const int32_t above = row[band] - zero;
      const int32_t steps = above > 0 ? above / ${step} : 0;
      sound_input[t * ${bands} + band] = (uint8_t)(steps > 255 ? 255 : steps);
    }
  }
  return ${name}_run(sound_input, y);
}

void ${name}_forget(void)
{
  sound_filled = sound_row = sound_heard = 0;
}
`;
};

/** The texts of a model's sound. @throws BitgradError `invalid-option` for settings that fit no model */
export function soundTexts({ plan, metadata }: PackedModel, name: string): SoundTexts {
  const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  if (!metadata.sound || from.type !== 'u8') return { header: '', source: '' };
  const settings = soundSettings(metadata.sound, 'export-c');
  if (from.shape.join() !== `${settings.frames},${settings.bands},1`) return { header: '', source: '' };
  const output = publicType(to);
  return {
    header: headerOf(settings, name, output),
    source: `${spectrumText(settings)}
${listenText(settings, name, output)}`,
  };
}
