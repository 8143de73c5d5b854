// `bench training` as a process, from a folder of a user: every runner in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { native } from '@bitgrad/backend-native';
import { expect, it } from 'vitest';
import { sourceFlags } from '../src/source-flags.js';
import { findTorch } from '../src/training/peer.js';
import type { TrainingReport } from '../src/training/command.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The report of `bench training` on the small net, one step a turn. */
async function bench(...runners: string[]): Promise<TrainingReport> {
  const cwd = mkdtempSync(join(tmpdir(), 'bench-training-'));
  const short = ['--nets', 'cnn', '--rounds', '1', '--steps', '1', '--memory-steps', '0'];
  const args = ['training', ...short, '--json', 'out.json', '--runners', ...runners];
  await promisify(execFile)(process.execPath, [...sourceFlags, main, ...args], { cwd });
  const report = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainingReport;
  rmSync(cwd, { recursive: true });
  return report;
}

it('measures runners and writes what it found where the user is', { timeout: 240_000 }, async () => {
  const { rows, memory, skipped } = await bench('bitgrad-wasm-2', 'bitgrad-wasm-1', 'tfjs-wasm-patched');
  expect([memory, skipped]).toEqual([null, []]);
  const names = rows.map(({ runner }) => runner);
  expect(names).toEqual(['tfjs-wasm-patched', 'bitgrad-wasm-1', 'bitgrad-wasm-2']);
  for (const { net, imagesPerSecond, millisecondsPerStep, batch } of rows) {
    expect(net).toBe('cnn');
    expect((imagesPerSecond * millisecondsPerStep) / 1000).toBeCloseTo(batch, 3);
  }
  // The kernels of bitgrad ran, and only there.
  const kernels = (runner: string) => Object.keys(rows.find((row) => row.runner === runner)!.kernels);
  expect(kernels('bitgrad-wasm-1')).toContain('BitgradSignConv2D');
  expect(kernels('tfjs-wasm-patched')).not.toContain('BitgradSignConv2D');
});

it('measures the native backend, or says what it lacks', { timeout: 240_000 }, async () => {
  const { rows, skipped } = await bench('bitgrad-native-1', 'bitgrad-native-2');
  const { available, reason } = await native().probe();
  if (available) {
    expect(rows.map(({ runner }) => runner)).toEqual(['bitgrad-native-1', 'bitgrad-native-2']);
    for (const { kernels } of rows) expect(Object.keys(kernels)).toContain('BitgradSignConv2DGrad');
    expect(rows.map(({ kernels }) => 'Conv2D/threads' in kernels)).toEqual([false, true]);
  } else expect(skipped[0]).toBe(`bitgrad-native-1, since ${reason}`);
});

it('measures PyTorch where it is installed, or says how to have it', { timeout: 240_000 }, async () => {
  const { rows, skipped } = await bench('pytorch-2');
  if (findTorch(undefined)) {
    expect(skipped).toEqual([]);
    expect(rows.map(({ runner }) => runner)).toEqual(['pytorch-2']);
    const forms = 'default [^,]+, channels_last [^,]+, compile .+';
    expect(rows[0]!.detail).toMatch(
      new RegExp(`^PyTorch \\d.*, (default|channels_last|compile); at the start, img/s: ${forms}$`),
    );
  } else {
    expect(rows).toEqual([]);
    expect(skipped).toEqual([expect.stringMatching(/^pytorch-2, .* python3 -m venv apps.bench.\.venv/)]);
  }
});
