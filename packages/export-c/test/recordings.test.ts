// Real recordings in C: what the network hears and what it answers, byte by byte and bit by bit those of JavaScript.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { soundLength } from '@bitgrad/bits';
import { readRecording } from '@bitgrad/datasets/node';
import { decodeModel, jsEngine, soundInput } from '@bitgrad/runtime';
import { testData } from '@bitgrad/tooling/test-data';
import { findPretrained } from '@bitgrad/zoo';
import { expect, it } from 'vitest';
// What stands where a recording is cut is no export: C gets the samples, not where they begin.
import { loudest } from '../../bits/src/sound/features.js';
import { exportC } from '../src/index.js';
import { isHere, runProgram, toolchains } from './support/run.js';

const { folder, missing } = testData('spoken-digits');
const archive = join(folder, 'recordings.tar.gz');
const absent = missing || (existsSync(archive) ? '' : `no ${archive}`);
const [gcc] = toolchains as [(typeof toolchains)[number]];

/** Reads examples of `length` samples, and prints bytes and outputs of each. */
const program = (path: string, length: number): string => `#include <stdio.h>
#include "digits.inc"
int main(void)
{
  static int16_t samples[${length}];
  float y[DIGITS_OUTPUT_SIZE];
  FILE *file = fopen(${JSON.stringify(path)}, "rb");
  size_t i;
  if (!file) return 1;
  while (fread(samples, 2, ${length}, file) == ${length}) {
    digits_forget();
    digits_feed(samples, ${length});
    if (digits_listen(y)) return 2;
    for (i = 0; i < sizeof sound_input; i++) printf("%02x", sound_input[i]);
    for (i = 0; i < DIGITS_OUTPUT_SIZE; i++) {
      uint32_t word;
      memcpy(&word, &y[i], 4);
      printf(" %08x", (unsigned)word);
    }
    printf("\\n");
  }
  return 0;
}
`;

it.skipIf(absent !== '' || !isHere(gcc))(
  `300 recordings: the bytes that are heard and the outputs are those of JavaScript (needs gcc) ${absent}`,
  { timeout: 120_000 },
  async () => {
    const own = mkdtempSync(join(tmpdir(), 'bitgrad-recordings-'));
    try {
      execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', own]);
      const model = decodeModel((await findPretrained('spoken-digits')).bytes());
      const sound = model.metadata.sound!;
      const target = { input: model.plan.buffers[model.plan.input]!, metadata: model.metadata };
      const executable = await jsEngine().compile(model);
      const length = soundLength(sound);
      // Of every digit, speaker and length.
      const names = readdirSync(own).filter((name) => name.endsWith('.wav')).filter((_, i) => i % 8 === 0).slice(0, 300); // prettier-ignore
      const [wanted, all]: [string[], Int16Array] = [[], new Int16Array(names.length * length)];
      for (const [i, name] of names.entries()) {
        const { samples, sampleRate } = await readRecording(join(own, name));
        expect(sampleRate).toBe(sound.sampleRate);
        const at = loudest(samples, length);
        all.set(samples.subarray(Math.max(0, at), at + length), i * length + Math.max(0, -at));
        const input = soundInput(samples, sampleRate, target) as Uint8Array;
        const words = new Uint32Array((executable.run(input) as Float32Array).slice().buffer);
        wanted.push([Buffer.from(input).toString('hex'), ...[...words].map((word) => word.toString(16).padStart(8, '0'))].join(' ')); // prettier-ignore
      }
      const path = join(own, 'all.pcm');
      writeFileSync(path, new Uint8Array(all.buffer));
      const { 'digits.c': source, ...files } = exportC(model, { name: 'digits' }).files;
      const printed = runProgram({ ...files, 'digits.inc': source!, 'main.c': program(path, length) }, gcc);
      expect(wanted.length).toBe(300);
      expect(new Set(wanted).size).toBeGreaterThan(290);
      expect(printed.trim().split('\n')).toEqual(wanted);
    } finally {
      rmSync(own, { recursive: true });
    }
  },
);
