// A model that hears, in C: samples in pieces of any length give the outputs of the stream and the reference engine, bit for bit.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRng, soundSettings, soundStream, type SoundOptions } from '@bitgrad/bits';
import { compileModel } from '@bitgrad/compiler';
import { use } from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, type PackedModel } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportC } from '../src/index.js';
import { cortex, isHere, runProgram, toolchains, wordsOf } from './support/run.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

async function modelOf(options: SoundOptions): Promise<PackedModel> {
  const sound = soundSettings(options);
  const model = createModel('kws', { inputShape: [sound.frames, sound.bands, 1], classes: 4, kernelQuantizer: 'ste', seed: 2, width: 0.25 }); // prettier-ignore
  const normalization = { mean: [127.5], std: [127.5] };
  const { model: packed } = await compileModel(model, { input: 'u8', normalization, metadata: { sound } });
  model.dispose();
  return packed;
}

/** Tones, noise and silence, as loud as 16 bits go. */
function samplesOf(length: number, seed: number): Int16Array {
  const rng = createRng(seed);
  return Int16Array.from({ length }, (_, i) => {
    const part = Math.floor((4 * i) / length);
    if (part === 3) return 0;
    const v =
      part === 0 ? 32767 * Math.sin(i / 3) : part === 1 ? 65536 * (rng.next() - 0.5) : 300 * rng.normal();
    return Math.max(-32768, Math.min(32767, Math.round(v)));
  });
}

/** What C prints: the words of each output, a line for each piece that completes a frame. */
const mainText = (
  samples: Int16Array,
  pieces: readonly number[],
  print: string,
): string => `#include <string.h>
#include "m.h"
${print}
static const int16_t samples[] = { ${samples.join()} };
static const int pieces[] = { ${pieces.join()} };
int main(void) {
  static float y[M_OUTPUT_SIZE];
  int i, k, at = 0;
  if (m_listen(y) != -1 || m_feed(0, 1) != -1 || m_feed(samples, -1) != -1) return 1;
  for (i = 0; i < ${pieces.length}; at += pieces[i++]) {
    if (m_feed(samples + at, pieces[i]) < 1 || m_listen(y) != 0) continue;
    for (k = 0; k < M_OUTPUT_SIZE; k++) {
      uint32_t word;
      memcpy(&word, &y[k], 4);
      put(word);
    }
  }
  return 0;
}
`;

const onHost = `#include <stdio.h>
static void put(uint32_t word) { printf("%08x\\n", (unsigned)word); }`;
const onBoard = `void print(const char *text);
static void put(uint32_t word) {
  char text[10] = "00000000\\n";
  int i;
  for (i = 7; i >= 0; i--, word >>= 4) text[i] = "0123456789abcdef"[word & 15];
  print(text);
}`;

const m3 = cortex('mps2-an385', 'cortex-m3', 4096, 4096);

describe.each([
  [{ frames: 12, bands: 16 }, toolchains[0]!],
  [{ frames: 9, bands: 8, normalize: 'fixed', sampleRate: 16_000 }, toolchains[1]!],
  [{ frames: 8, bands: 8, frame: 2048, hop: 700 }, toolchains[0]!],
  [{ frames: 12, bands: 16 }, m3],
] as const)('%j in C', (options, toolchain) => {
  it.skipIf(!isHere(toolchain))(`is the stream (needs ${toolchain.name})`, { timeout: 120_000 }, async () => {
    const model = await modelOf(options);
    const settings = soundSettings(options);
    // Digital silence first, for longer than an example is.
    const silence = settings.hop * settings.frames + settings.frame;
    const samples = new Int16Array(2 * silence + 5 * settings.hop);
    samples.set(samplesOf(samples.length - silence, 4), silence);
    const rng = createRng(5);
    const pieces: number[] = [];
    for (let left = samples.length; left > 0; left -= pieces.at(-1)!)
      pieces.push(Math.min(left, 1 + rng.integer(2 * settings.hop)));
    const executable = await jsEngine().compile(model);
    const stream = soundStream(settings);
    const want: number[] = [];
    let at = 0;
    for (const size of pieces) {
      const input = stream.push(samples.subarray(at, at + size));
      at += size;
      if (input) want.push(...wordsOf(await executable.run(input), 'f32'));
    }
    expect(want.length).toBeGreaterThan(8);
    const main = mainText(samples, pieces, toolchain === m3 ? onBoard : onHost);
    const printed = runProgram({ ...exportC(model).files, 'main.c': main }, toolchain);
    const got = printed
      .trim()
      .split(/\s+/)
      .map((word) => Number.parseInt(word, 16));
    expect(got).toEqual(want);
  });
});

it('has what hears for models of sound only', async () => {
  const { files } = exportC(await modelOf({ frames: 8, bands: 8 }), { name: 'words' });
  expect(files['words.h']).toMatch(/#define WORDS_SAMPLE_RATE 8000\n#define WORDS_HOP 160\n/);
  expect(files['words.h']).toMatch(/int words_feed\(const int16_t \*samples, int count\);/);
  const model = createModel('tfc', { inputShape: [4, 4, 1], classes: 3, kernelQuantizer: 'ste', width: 0.2 });
  const { model: other } = await compileModel(model, {
    input: 'u8',
    normalization: { mean: [127.5], std: [127.5] },
  });
  model.dispose();
  expect(exportC(other).files['m.h']).not.toMatch(/feed/);
});
