// A trained MNIST network on a Cortex-M0: answers, flash, memory and instructions. `fixtures/mnist.bitgrad` is what
// `bitgrad train --model cnn --model-options '{"width":0.75}' --data mnist:DIR --epochs 6 --seed 1` and `compile` made.
// BITGRAD_REPORT=1 prints the figures of the README.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createDigits } from '@bitgrad/datasets';
import { decodeModel } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import { testData } from '@bitgrad/tooling/test-data';
import { describe, expect, it } from 'vitest';
import { exportC } from '../src/index.js';
import { publicType } from '../src/values.js';
import { objectSizes } from './support/board.js';
import {
  cortex,
  isHere,
  reference,
  runProgram,
  sameOnAll,
  toolchains,
  runInC,
  wordsOf,
} from './support/run.js';

const model = decodeModel(readFileSync(new URL('fixtures/mnist.bitgrad', import.meta.url)));
const { files, arenaBytes } = exportC(model, { name: 'mnist' });
const { type } = model.plan.buffers[model.plan.output]!;
// The microbit's nRF51: 256 KiB of flash, 16 KiB of memory.
const m0 = cortex('microbit', 'cortex-m0', 256, 16);

const report = (text: string): void => {
  if (process.env.BITGRAD_REPORT) process.stdout.write(`${text}\n`);
};

const pictures = createDigits({ seed: 1 }).test.images;

/** What both programs begin with: a picture in flash, one in memory, its answers, and words as text. */
const withPicture = `#include <string.h>
#include "mnist.h"
void print(const char *text);
static const uint8_t picture[] = { ${Array.from(pictures.subarray(0, 784)).join()} };
static uint8_t x[MNIST_INPUT_SIZE];
static ${publicType(model.plan.buffers[model.plan.output]!)} y[MNIST_OUTPUT_SIZE];
static void show(uint32_t word) {
  char digits[10] = "00000000 ";
  int i;
  for (i = 7; i >= 0; i--, word >>= 4) digits[i] = "0123456789abcdef"[word & 15];
  print(digits);
}
`;

/** Paints the memory between the variables and the stack, runs, and prints how far the stack came, and the answers. */
const onSmallBoard = `${withPicture}
extern uint32_t bss_end[], stack_top[];
int main(void) {
  volatile uint32_t *at;
  int i;
  for (at = bss_end; at < (uint32_t *)__builtin_frame_address(0) - 16; at++) *at = 0x5ac3f00du;
  memcpy(x, picture, sizeof x);
  mnist_run(x, y);
  for (at = bss_end; at < stack_top && *at == 0x5ac3f00du;) at++;
  show(4 * (uint32_t)(stack_top - at));
  for (i = 0; i < MNIST_OUTPUT_SIZE; i++) {
    uint32_t word;
    memcpy(&word, &y[i], 4);
    show(word);
  }
  return 0;
}
`;

/** Prints the ticks of the clock that a run takes. */
const timed = `${withPicture}
void start_clock(void);
uint32_t ticks(void);
int main(void) {
  memcpy(x, picture, sizeof x);
  start_clock();
  mnist_run(x, y);
  show(ticks());
  return 0;
}
`;

it('holds its values in less than 4 kB', () => expect(arenaBytes).toBeLessThan(3500));

describe.skipIf(!isHere(m0))('Cortex-M0 (needs arm-none-eabi-gcc and qemu-system-arm)', () => {
  it('takes at most 16 kB of flash, code included, and 4 kB of memory', () => {
    const { flash, memory } = objectSizes(files, 'mnist.c');
    report(`flash ${flash}, memory ${memory}`);
    expect(flash).toBeLessThanOrEqual(16 * 1024);
    expect(memory).toBeLessThanOrEqual(4 * 1024);
  });

  it('gives the bits of the reference engine', { timeout: 120_000 }, async () => {
    const input = pictures.subarray(0, 784);
    expect(wordsOf(runInC([{ model, input }], m0)[0]!, type)).toEqual(
      wordsOf(await reference({ model, input }), type),
    );
  });

  it('runs on a board of 16 kB and 4 kB: with start-up code, a picture, its answers and the stack', async () => {
    // The linker refuses what does not fit; the stack grows down from the end of the 4 kB towards the variables.
    const small = cortex('microbit', 'cortex-m0', 16, 4);
    const [stack, ...words] = runProgram({ ...files, 'main.c': onSmallBoard }, small).trim().split(' ').map((word) => Number.parseInt(word, 16)) as [number, ...number[]]; // prettier-ignore
    const input = pictures.subarray(0, 784);
    expect(wordsOf(words, type)).toEqual(wordsOf(await reference({ model, input }), type));
    report(`stack ${stack}`);
    expect(stack).toBeGreaterThan(0);
    // Nothing is left of the painted memory where the stack has met the variables.
    expect(stack).toBeLessThan(4096 - objectSizes(files, 'mnist.c').memory - 784);
  }, 120_000);

  it('counts its instructions', { timeout: 120_000 }, () => {
    // With -icount shift=0 an instruction takes a nanosecond; the M3 board's clock of 25 MHz ticks each 40.
    const m3 = cortex('mps2-an385', 'cortex-m3', 4096, 4096);
    const runner = [...m3.runner!.slice(0, -1), '-icount', 'shift=0', '-kernel'];
    const instructions =
      40 * Number.parseInt(runProgram({ ...files, 'main.c': timed }, { ...m3, runner }), 16);
    report(`instructions ${instructions}`);
    expect(instructions).toBeGreaterThan(1e5);
    expect(instructions).toBeLessThan(2e7);
  });
});

const mnist = testData('mnist');
const gcc = toolchains[0]!;
const count = amount({ test: 2_000, full: 10_000 });

it.skipIf(mnist.missing !== '' || !isHere(gcc))(
  `${count} test images: at least 98 % right, every answer that of the reference engine (needs MNIST and gcc)`,
  { timeout: 600_000 },
  async () => {
    // prettier-ignore
    const read = (name: string) => gunzipSync(readFileSync(join(mnist.folder, name)));
    const images = read('t10k-images-idx3-ubyte.gz').subarray(16, 16 + 784 * count);
    const labels = read('t10k-labels-idx1-ubyte.gz').subarray(8, 8 + count);
    const scores = await sameOnAll(model, images, gcc);
    const width = scores.length / labels.length;
    const answers = Array.from(labels, (_, i) => {
      const row = scores.subarray(i * width, (i + 1) * width);
      return row.indexOf(Math.max(...row));
    });
    const right = answers.filter((answer, i) => answer === labels[i]).length;
    report(`accuracy ${((100 * right) / count).toFixed(2)} %`);
    expect(right).toBeGreaterThanOrEqual(0.98 * count);
  },
);
