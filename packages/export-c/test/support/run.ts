// Runs generated C: many models in one program, their inputs as arrays, their outputs as text.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { elementCount, jsEngine, type OutputArray, type PackedModel } from '@bitgrad/runtime';
import { exportC } from '../../src/index.js';
import { publicType } from '../../src/values.js';

/** A model and what goes in. */
export interface Case {
  readonly model: PackedModel;
  readonly input: Uint8Array | Float32Array;
}

/** How C is compiled and run. */
export interface Toolchain {
  readonly name: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  /** Files beside the models. */
  readonly sources: readonly string[];
  /** Words before the path of the program; default none. */
  readonly runner?: readonly string[];
}

const board = (name: string): string => fileURLToPath(new URL(`../board/${name}`, import.meta.url));
/** ISO C without extensions, and every warning an error. */
const strict = ['-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror'];
const host = (name: string, compiler: string, ...flags: string[]): Toolchain => ({
  name,
  compiler,
  flags: [...strict, ...flags],
  sources: [board('host.c')],
});
const sanitizers = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** A bare Cortex-M in the emulator, with sizes in KiB. @param start address of its RAM */
export const cortex = (
  machine: string,
  cpu: string,
  flash: number,
  ram: number,
  start = 0x20000000,
  ...flags: string[]
): Toolchain => ({
  name: `${cpu} (${machine})`,
  compiler: 'arm-none-eabi-gcc',
  flags: [...strict, `-mcpu=${cpu}`, '-mthumb', '-Os', '-ffunction-sections', '-fdata-sections', '-nostartfiles', '--specs=nosys.specs', '-T', board('arm.ld'), `-Wl,--gc-sections,--defsym=flash_size=${flash}K,--defsym=ram_size=${ram}K,--defsym=ram_start=${start}`, ...flags], // prettier-ignore
  sources: [board('arm.c')],
  runner: ['qemu-system-arm', '-M', machine, '-nographic', '-monitor', 'none', '-serial', 'none', '-chardev', 'stdio,id=out', '-semihosting-config', 'enable=on,target=native,chardev=out', '-kernel'], // prettier-ignore
});

/** A bare RISC-V of 32 bits in the emulator. */
const riscv: Toolchain = {
  name: 'rv32imac (virt)',
  compiler: 'riscv64-unknown-elf-gcc',
  flags: [...strict, '-march=rv32imac', '-mabi=ilp32', '-Os', '--specs=picolibc.specs', '--oslib=semihost', '--crt0=semihost', ...[['flash', '0x80000000'], ['flash_size', '0x2000000'], ['ram', '0x82000000'], ['ram_size', '0x2000000']].map(([name, value]) => `-Wl,--defsym=__${name}=${value}`)], // prettier-ignore
  sources: [board('riscv.c')],
  runner: ['qemu-system-riscv32', '-M', 'virt', '-bios', 'none', '-nographic', '-monitor', 'none', '-serial', 'none', '-chardev', 'stdio,id=out', '-semihosting-config', 'enable=on,target=native,chardev=out', '-kernel'], // prettier-ignore
};

/** Every way in which C is tried. */
export const toolchains: readonly Toolchain[] = [
  host('gcc', 'gcc', '-O2'),
  host('gcc with sanitizers', 'gcc', ...sanitizers),
  host('clang', 'clang', '-O2'),
  host('clang with sanitizers', 'clang', ...sanitizers),
  // With the 16 MiB of the boards' second memory: plan 988 wants 9 of them.
  cortex('mps2-an385', 'cortex-m3', 4096, 16_384, 0x21000000),
  cortex('mps2-an386', 'cortex-m4', 4096, 16_384, 0x21000000, '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'),
  cortex('mps2-an500', 'cortex-m7', 4096, 16_384, 0x60000000, '-mfloat-abi=hard', '-mfpu=fpv5-d16'),
  riscv,
];

const numbers = (data: Uint8Array | Float32Array): string =>
  Array.from(data instanceof Uint8Array ? data : new Uint32Array(data.slice().buffer), (x) => `${x}u`).join();

/** The program that runs models m0, m1, ... twice on their inputs and prints the words of the outputs. */
function mainText(cases: readonly Case[]): string {
  const parts = cases.map(({ model: { plan }, input }, i) => {
    const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
    const [inType, outType] = [publicType(from), publicType(to)];
    return `#include "m${i}.h"
static const ${inType === 'float' ? 'uint32_t' : 'uint8_t'} in${i}[] = { ${numbers(input)} };
static void run${i}(void) {
  static ${inType} x[M${i}_INPUT_SIZE];
  static ${outType} y[M${i}_OUTPUT_SIZE];
  memcpy(x, in${i}, sizeof x);
  if (m${i}_run(x, y) || m${i}_run(x, y)) print("failed");
  show(y, M${i}_OUTPUT_SIZE);
}
`;
  });
  return `#include <stdint.h>
#include <string.h>
void print(const char *text);
/* 64 words in a call: each goes through the emulator's console. */
static void show(const void *words, int count) {
  static char text[9 * 64 + 1];
  int i, k, at = 0;
  for (i = 0; i < count; i++) {
    uint32_t word;
    memcpy(&word, (const char *)words + 4 * i, 4);
    for (k = 0; k < 8; k++) text[at++] = "0123456789abcdef"[(word >> (28 - 4 * k)) & 15];
    text[at++] = ' ';
    if (i + 1 == count || at == 9 * 64) {
      text[at] = 0;
      print(text);
      at = 0;
    }
  }
  print("\\n");
}
${parts.join('\n')}
int main(void) {
${cases.map((_, i) => `  run${i}();`).join('\n')}
  return 0;
}
`;
}

/** Writes, compiles and runs files; returns what the program printed. */
export function runProgram(files: Readonly<Record<string, string>>, toolchain: Toolchain): string {
  const { compiler, flags, sources, runner = [] } = toolchain;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-c-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const own = Object.keys(files).filter((name) => name.endsWith('.c'));
    execFileSync(compiler, [...flags, '-o', 'program', ...own, ...sources, '-lm'], {
      cwd: folder,
      stdio: 'pipe',
    });
    const [command, ...args] = [...runner, join(folder, 'program')];
    return execFileSync(command!, args, { encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 300_000, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
  } catch (error) {
    const { stderr, message } = error as { stderr?: unknown; message: string };
    throw new Error(`${toolchain.name}: ${String(stderr ?? '').slice(0, 4000) || message}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a toolchain compiles and runs an empty program. */
export function isHere(toolchain: Toolchain): boolean {
  try {
    runProgram({ 'main.c': 'int main(void) { return 0; }\n' }, toolchain);
    return true;
  } catch {
    return false;
  }
}

/** The outputs of models in C, as 32-bit words. */
export function runInC(cases: readonly Case[], toolchain: Toolchain): number[][] {
  const files = Object.assign({ 'main.c': mainText(cases) }, ...cases.map(({ model }, i) => exportC(model, { name: `m${i}` }).files)); // prettier-ignore
  return runProgram(files, toolchain)
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(' ').map((word) => Number.parseInt(word, 16))); // prettier-ignore
}

/**
 * Compares a model in C with the reference engine on many inputs, one after another. Only on this machine: the program reads a
 * file.
 * @param inputs whole inputs of the model, row-major
 * @returns the outputs of all
 * @throws Error naming the first input whose outputs differ in a bit
 */
export async function sameOnAll(
  model: PackedModel,
  inputs: Uint8Array | Float32Array,
  toolchain: Toolchain,
): Promise<OutputArray> {
  const [from, to] = [model.plan.buffers[model.plan.input]!, model.plan.buffers[model.plan.output]!];
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-inputs-'));
  const [given, made] = ['inputs', 'outputs'].map((name) => join(folder, name)) as [string, string];
  try {
    writeFileSync(given, inputs);
    const main = `#include <stdio.h>
#include "m.h"
int main(void) {
  static ${publicType(from)} x[M_INPUT_SIZE];
  static ${publicType(to)} y[M_OUTPUT_SIZE];
  FILE *in = fopen("${given}", "rb"), *out = fopen("${made}", "wb");
  if (!in || !out) return 1;
  while (fread(x, sizeof x, 1, in) == 1)
    if (m_run(x, y) || fwrite(y, sizeof y, 1, out) != 1) return 1;
  return fclose(out);
}
`;
    runProgram({ ...exportC(model, { name: 'm' }).files, 'main.c': main }, toolchain);
    const { buffer } = new Uint8Array(readFileSync(made));
    const outputs = to.type === 'f32' ? new Float32Array(buffer) : new Int32Array(buffer);
    const [size, width] = [elementCount(from.shape), elementCount(to.shape)];
    if (outputs.length * size !== inputs.length * width)
      throw new Error(`${outputs.length} outputs of ${inputs.length / size} inputs`);
    const executable = await jsEngine().compile(model);
    for (let i = 0; i * size < inputs.length; i++) {
      const want = wordsOf(await executable.run(inputs.subarray(i * size, (i + 1) * size)), to.type);
      const got = wordsOf(outputs.subarray(i * width, (i + 1) * width), to.type);
      if (got.some((word, k) => word !== want[k])) throw new Error(`input ${i}: ${got.join()}, not ${want.join()}`); // prettier-ignore
    }
    executable.dispose();
    return outputs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Words of an output, with every NaN the same: its bits are nobody's promise. */
export const wordsOf = (output: OutputArray | readonly number[], type: string): number[] => {
  const words = Array.from(output instanceof Array ? output : new Uint32Array(output.slice().buffer));
  return type === 'f32' ? words.map((word) => ((word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word)) : words;
};

/** The outputs of the reference engine. */
export async function reference({ model, input }: Case): Promise<OutputArray> {
  const executable = await jsEngine().compile(model);
  const output = (await executable.run(input)).slice();
  executable.dispose();
  return output;
}
