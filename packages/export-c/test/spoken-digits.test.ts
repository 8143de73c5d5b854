// The zoo's spoken digits on a Cortex-M with 64 KiB of flash and 32 KiB of memory: sizes, answers, and whether it keeps up. BITGRAD_REPORT=1 prints the figures of the README.
import { soundSettings, soundStream } from '@bitgrad/bits';
import { decodeModel, jsEngine } from '@bitgrad/runtime';
import { findPretrained } from '@bitgrad/zoo';
import { describe, expect, it } from 'vitest';
import { exportC } from '../src/index.js';
import { objectSizes } from './support/board.js';
import { cortex, isHere, runProgram, wordsOf, type Toolchain } from './support/run.js';

const model = decodeModel((await findPretrained('spoken-digits')).bytes());
const settings = model.metadata.sound!;
const { files } = exportC(model, { name: 'digits' });
// Not the board's own memory, but what the linker may use of it.
const m3 = cortex('mps2-an385', 'cortex-m3', 64, 32);
const report = (text: string): void => {
  if (process.env.BITGRAD_REPORT) process.stdout.write(`${text}\n`);
};

/** Noise that swells and fades; the same as `next_sample` below, so that the program needs no array of samples. */
function noise(count: number): Int16Array {
  let state = 1;
  return Int16Array.from({ length: count }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state | 0) >> (17 + ((i >> 9) & 7));
  });
}
const noiseText = `static uint32_t state = 1;
static int at;
static int16_t next_sample(void)
{
  int32_t value;
  state = state * 1664525u + 1013904223u;
  value = (int32_t)(state >> 16);
  if (value > 32767) value -= 65536;
  value = value >= 0 ? value >> (1 + ((at >> 9) & 7)) : ~(~value >> (1 + ((at >> 9) & 7)));
  at++;
  return (int16_t)value;
}
static void feed(void)
{
  int16_t samples[DIGITS_HOP];
  int i;
  for (i = 0; i < DIGITS_HOP; i++) samples[i] = next_sample();
  digits_feed(samples, DIGITS_HOP);
}
`;
const program = (body: string, of = model): Record<string, string> => ({
  ...exportC(of, { name: 'digits' }).files,
  'main.c': `#include <string.h>
#include "digits.h"
void print(const char *text);
void start_clock(void);
uint32_t ticks(void);
${noiseText}
static void put(uint32_t word)
{
  char text[10] = "00000000\\n";
  int i;
  for (i = 7; i >= 0; i--, word >>= 4) text[i] = "0123456789abcdef"[word & 15];
  print(text);
}
static float y[DIGITS_OUTPUT_SIZE];
int main(void)
{
  int i, k;
${body}
  return 0;
}
`,
});
const hexOf = (text: string): number[] =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => Number.parseInt(word, 16));

/** Instructions for a second of sound, and for an answer. */
const instructions = (toolchain: Toolchain, of = model): readonly [number, number] => {
  const { sampleRate, hop, frames } = of.metadata.sound!;
  const body = `  (void)k;
for (i = 0; i < ${frames + 2}; i++) feed();
start_clock();
for (i = 0; i < ${sampleRate / hop}; i++) feed();
put(ticks());
start_clock();
if (digits_listen(y)) print("failed");
put(ticks());`;
  // An instruction takes a nanosecond with -icount shift=0; the boards' clock of 25 MHz ticks each 40.
  const runner = [...toolchain.runner!.slice(0, -1), '-icount', 'shift=0', '-kernel'];
  const [ears, answer] = hexOf(runProgram(program(body, of), { ...toolchain, runner })).map((n) => 40 * n) as [number, number]; // prettier-ignore
  report(`${toolchain.name}: a second of sound ${ears} instructions, an answer ${answer}`);
  expect(ears).toBeGreaterThan(1e6);
  expect(answer).toBeGreaterThan(1e6);
  return [ears, answer];
};
/** Of one second of a microcontroller at 64 MHz, at an instruction a cycle. */
const second = 64e6;

describe.skipIf(!isHere(m3))('Cortex-M3 (needs arm-none-eabi-gcc and qemu-system-arm)', () => {
  it('takes at most 64 kB of flash, code and tables included, and 32 kB of memory', () => {
    const { flash, memory } = objectSizes(files, 'digits.c');
    report(`flash ${flash}, memory ${memory}`);
    expect(flash).toBeLessThanOrEqual(48_000);
    expect(memory).toBeLessThanOrEqual(24_000);
  });

  it('hears in 64 KiB and 32 KiB what the engine hears, bit for bit', { timeout: 120_000 }, async () => {
    const hops = settings.frames + 8;
    const samples = noise(hops * settings.hop);
    const executable = await jsEngine().compile(model);
    const stream = soundStream(settings);
    const want: number[] = [];
    for (let at = 0; at < samples.length; at += settings.hop) {
      const input = stream.push(samples.subarray(at, at + settings.hop));
      if (input) want.push(...wordsOf(await executable.run(input), 'f32'));
    }
    expect(want.length).toBeGreaterThan(5 * 11);
    const body = `  for (i = 0; i < ${hops}; i++) {
    feed();
    if (digits_listen(y)) continue;
    for (k = 0; k < DIGITS_OUTPUT_SIZE; k++) {
      uint32_t word;
      memcpy(&word, &y[k], 4);
      put(word);
    }
  }`;
    expect(hexOf(runProgram(program(body), m3))).toEqual(want);
  });

  it('keeps up with sound at 64 MHz, answering twice a second', { timeout: 120_000 }, () => {
    const [ears, answer] = instructions(m3);
    expect(ears).toBeLessThan(second / 10);
    expect(ears + 2 * answer).toBeLessThan(second);
  });

  it('hears 16 kHz in a quarter of the time', { timeout: 120_000 }, () => {
    const { frames, bands } = settings;
    const sound = soundSettings({ sampleRate: 16_000, frames, bands });
    const [ears] = instructions(m3, { ...model, metadata: { ...model.metadata, sound } });
    expect(ears).toBeLessThan(second / 4);
  });
});

const m4 = cortex('mps2-an386', 'cortex-m4', 64, 32, undefined, '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16');

it.skipIf(!isHere(m4))(
  'a Cortex-M4 with a floating-point unit answers three times',
  { timeout: 120_000 },
  () => {
    const [ears, answer] = instructions(m4);
    expect(ears + 3 * answer).toBeLessThan(second);
  },
);
