// A trained MNIST network on a Cortex-M0: answers, flash, memory and instructions. `fixtures/mnist.bitgrad` is what
// `bitgrad train --model cnn --model-options '{"width":0.75}' --data mnist:DIR --epochs 6 --seed 1` and `compile` made.
// BITGRAD_REPORT=1 prints the figures of the README.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createDigits } from '@bitgrad/datasets';
import { decodeModel, jsEngine } from '@bitgrad/runtime';
import { testData } from '@bitgrad/tooling/test-data';
import { describe, expect, it } from 'vitest';
import { exportC } from '../src/index.js';
import { cortex, isHere, reference, runProgram, toolchains, runInC, wordsOf } from './support/run.js';

const model = decodeModel(readFileSync(new URL('fixtures/mnist.bitgrad', import.meta.url)));
const { files, arenaBytes } = exportC(model, { name: 'mnist' });
const { type } = model.plan.buffers[model.plan.output]!;
// The microbit's nRF51: 256 KiB of flash, 16 KiB of memory.
const m0 = cortex('microbit', 'cortex-m0', 256, 16);

/** Sizes of the object file by section. */
function sizes(): { flash: number; memory: number } {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-size-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    execFileSync('arm-none-eabi-gcc', ['-mcpu=cortex-m0', '-mthumb', '-Os', '-c', 'mnist.c'], {
      cwd: folder,
    });
    const [text, data, bss] = execFileSync('arm-none-eabi-size', ['mnist.o'], { cwd: folder, encoding: 'utf8' }).split('\n')[1]!.trim().split(/\s+/).map(Number) as [number, number, number]; // prettier-ignore
    return { flash: text + data, memory: data + bss };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const report = (text: string): void => {
  if (process.env.BITGRAD_REPORT) process.stdout.write(`${text}\n`);
};

const pictures = createDigits({ seed: 1 }).test.images;

it('holds its values in less than 4 kB', () => expect(arenaBytes).toBeLessThan(3500));

describe.skipIf(!isHere(m0))('Cortex-M0 (needs arm-none-eabi-gcc and qemu-system-arm)', () => {
  it('takes at most 16 kB of flash, code included, and 4 kB of memory', () => {
    const { flash, memory } = sizes();
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

  it('counts its instructions', { timeout: 120_000 }, () => {
    // With -icount shift=0 an instruction takes a nanosecond; the M3 board's clock of 25 MHz ticks each 40.
    const m3 = cortex('mps2-an385', 'cortex-m3', 4096, 4096);
    const runner = [...m3.runner!.slice(0, -1), '-icount', 'shift=0', '-kernel'];
    const text = runProgram(
      {
        ...files,
        'main.c': `#include "mnist.h"
void print(const char *text);
void start_clock(void);
uint32_t ticks(void);
static const uint8_t x[] = { ${Array.from(pictures.subarray(0, 784)).join()} };
int main(void) {
  static ${type === 'f32' ? 'float' : 'int32_t'} y[MNIST_OUTPUT_SIZE];
  char digits[12] = "";
  uint32_t time;
  int i;
  start_clock();
  mnist_run(x, y);
  time = ticks();
  for (i = 9; i >= 0; i--) { digits[i] = (char)('0' + time % 10); time /= 10; }
  print(digits);
  return 0;
}
`,
      },
      { ...m3, runner },
    );
    const instructions = Number(text) * 40;
    report(`instructions ${instructions}`);
    expect(instructions).toBeGreaterThan(1e5);
    expect(instructions).toBeLessThan(2e7);
  });
});

const mnist = testData('mnist');
const gcc = toolchains[0]!;

it.skipIf(mnist.missing !== '' || !isHere(gcc))(
  '10,000 test images: at least 98 % right, every answer that of the reference engine (needs MNIST and gcc)',
  { timeout: 600_000 },
  async () => {
    // prettier-ignore
    const read = (name: string) => gunzipSync(readFileSync(join(mnist.folder, name)));
    const images = read('t10k-images-idx3-ubyte.gz').subarray(16);
    const labels = read('t10k-labels-idx1-ubyte.gz').subarray(8);
    const folder = mkdtempSync(join(tmpdir(), 'bitgrad-mnist-'));
    const file = join(folder, 'images');
    writeFileSync(file, images);
    const printed = runProgram(
      {
        ...files,
        'main.c': `#include <stdio.h>
#include "mnist.h"
int main(void) {
  static uint8_t x[MNIST_INPUT_SIZE];
  static ${type === 'f32' ? 'float' : 'int32_t'} y[MNIST_OUTPUT_SIZE];
  FILE *in = fopen("${file}", "rb");
  int i;
  if (!in) return 1;
  while (fread(x, 1, sizeof x, in) == sizeof x) {
    mnist_run(x, y);
    for (i = 0; i < MNIST_OUTPUT_SIZE; i++) printf("%.9g ", (double)y[i]);
    printf("\\n");
  }
  return 0;
}
`,
      },
      gcc,
    );
    rmSync(folder, { recursive: true });
    const rows = printed.trimEnd().split('\n').map((line) => line.trim().split(' ').map(Number)); // prettier-ignore
    expect(rows).toHaveLength(10_000);
    const executable = await jsEngine().compile(model);
    let right = 0;
    for (const [i, row] of rows.entries()) {
      const want = Array.from(await executable.run(images.subarray(i * 784, (i + 1) * 784)), Math.fround);
      if (row.some((value, k) => Math.fround(value) !== want[k])) throw new Error(`image ${i}: ${row.join()}, not ${want.join()}`); // prettier-ignore
      if (row.indexOf(Math.max(...row)) === labels[i]) right++;
    }
    executable.dispose();
    report(`accuracy ${(right / 100).toFixed(2)} %`);
    expect(right).toBeGreaterThanOrEqual(9800);
  },
);
