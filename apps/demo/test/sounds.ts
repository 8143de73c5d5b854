// Recordings for tests: WAV files, the published spoken digits where BITGRAD_TEST_DATA has them, and words made by code.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@bitgrad/core';
import { readWav } from '@bitgrad/datasets';
import { testData } from '@bitgrad/tooling/test-data';
import { wavOf as wav } from '@bitgrad/tooling/wav';

/** Sample rate of all of them, in Hz. */
export const rate = 8000;

/** A WAV file at {@link rate}. */
export const wavOf = (samples: Int16Array): Buffer => wav(samples, rate);

/** Recordings one after the other, with silence of some seconds before each and behind the last. */
export function joined(parts: readonly Int16Array[], gap = 0.6): Int16Array {
  const silence = Math.round(gap * rate);
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length + silence, silence));
  let at = silence;
  for (const part of parts) {
    all.set(part, at);
    at += part.length + silence;
  }
  return all;
}

/** A word of a language that nobody speaks: one glide, or two, with harmonics; other takes of it are a little different. */
export function madeWord(kind: 'rising' | 'falling' | 'two', seed: number): Int16Array {
  const rng = createRng(seed).fork(kind);
  const [pitch, length] = [1 + 0.1 * (rng.next() - 0.5), Math.round((0.35 + 0.1 * rng.next()) * rate)];
  let phase = 0;
  return Int16Array.from({ length }, (_, i) => {
    const at = i / length;
    const along = kind === 'rising' ? at : kind === 'falling' ? 1 - at : Number(at > 0.5);
    phase += (2 * Math.PI * pitch * (250 + 900 * along)) / rate;
    const loud = Math.sin(Math.PI * at) * (kind === 'two' ? Math.abs(Math.cos(Math.PI * at)) : 1);
    const voice = Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(3 * phase);
    return Math.round(9000 * loud * voice + 60 * rng.normal());
  });
}

const { folder, missing } = testData('spoken-digits');
const archive = join(folder, 'recordings.tar.gz');

/** Why there are no published recordings; empty where there are. */
export const spokenMissing = missing || (existsSync(archive) ? '' : `no ${archive}`);

let unpacked: string | undefined;

/** A published recording, `{digit}_{speaker}_{index}`. */
export function spoken(name: string): { buffer: Buffer; samples: Int16Array } {
  if (!unpacked) {
    unpacked = mkdtempSync(join(tmpdir(), 'bitgrad-spoken-'));
    execFileSync('tar', ['xzf', archive, '-C', unpacked]);
  }
  const buffer = readFileSync(join(unpacked, 'recordings', `${name}.wav`));
  return { buffer, samples: readWav(buffer).samples };
}

/** Who speaks in them. */
export const speakers = ['george', 'jackson', 'lucas', 'nicolas', 'theo'] as const;
