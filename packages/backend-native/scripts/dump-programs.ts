// Writes random models as programs with their input and output, for `cargo test` on a machine that has no Node, such as arm64
// under qemu: `tsx --conditions @bitgrad/source scripts/dump-programs.ts <folder> [count]`, then
//   BITGRAD_PROGRAMS=<folder> CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
//   CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' \
//   cargo test --release --target aarch64-unknown-linux-gnu
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsEngine, type PackedModel } from '@bitgrad/runtime';
import { randomPlan } from '@bitgrad/testkit/engine';
import type { NativeImage, NativeLayout, NativeProgram } from '../src/addon.js';
import { createExecutable } from '../src/engine/executable.js';

const [folder = 'programs', count = '300'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

/** The program of a model, as the addon would be given it. */
function programOf(model: PackedModel, threads: number): { image: Uint8Array; layout: NativeLayout } {
  let given: { image: Uint8Array; layout: NativeLayout } | undefined;
  class Recorder {
    constructor(image: Uint8Array, layout: NativeLayout) {
      given = { image, layout };
    }
    bytes = (): number => 0;
  }
  createExecutable(model, {
    addon: {
      instructionSets: () => [],
      NativeProgram: Recorder as unknown as new () => NativeProgram,
    },
    isa: '',
    threads,
    memoryBytes: Infinity,
    strict: false,
  });
  return given!;
}

const imageWords = ({ at, lines, pixels, bytes, pixel, pitch }: NativeImage): number[] => [
  at,
  lines,
  pixels,
  bytes,
  pixel,
  pitch,
];

/** Little endian: 22 words of 64 bits, then the image of memory, the input and the output. */
async function dump(name: string, model: PackedModel, input: Uint8Array | Float32Array, threads: number) {
  const { image, layout } = programOf(model, threads);
  const output = (await jsEngine().compile(model)).run(input);
  const { totalBytes, arenaAt, programAt, groups, scratchAt, scratchBytes } = layout;
  const parts = [image, input, output].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const words = [
    ...[totalBytes, arenaAt, programAt, groups, scratchAt, scratchBytes, threads],
    ...imageWords(layout.input),
    ...imageWords(layout.output),
    ...parts.map(({ length }) => length),
  ];
  const head = BigUint64Array.from(words, BigInt);
  writeFileSync(join(folder, name), Buffer.concat([new Uint8Array(head.buffer), ...parts]));
}

for (let seed = 1; seed <= Number(count); seed++) {
  const model = randomPlan(seed, 1 + (seed % 9));
  await dump(`random-${seed}`, model, model.input, 1 + (seed % 3));
}
