// `bench training` as a process, from a folder of a user: every runner in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { sourceFlags } from '../src/source-flags.js';
import type { TrainingReport } from '../src/training/command.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

it('measures every runner and writes what it found where the user is', { timeout: 240_000 }, async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'bench-training-'));
  const args = [
    '--nets',
    'cnn',
    '--rounds',
    '1',
    '--steps',
    '1',
    '--memory-steps',
    '0',
    '--json',
    'out.json',
  ];
  await promisify(execFile)(process.execPath, [...sourceFlags, main, 'training', ...args], { cwd });
  const { rows, memory } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainingReport;
  rmSync(cwd, { recursive: true });
  expect(memory).toBeNull();
  // PyTorch is measured where it is installed.
  const names = rows.map(({ runner }) => runner).filter((runner) => runner !== 'pytorch-1');
  expect(names).toEqual(['tfjs-wasm-patched', 'bitgrad-wasm-1', 'bitgrad-wasm-2']);
  for (const { net, imagesPerSecond, millisecondsPerStep, batch } of rows) {
    expect(net).toBe('cnn');
    expect((imagesPerSecond * millisecondsPerStep) / 1000).toBeCloseTo(batch, 3);
  }
  // The kernels of bitgrad ran, and only there.
  const kernels = (runner: string) => Object.keys(rows.find((row) => row.runner === runner)!.kernels);
  expect(kernels('bitgrad-wasm-1')).toContain('BitgradBinaryConv2D');
  expect(kernels('tfjs-wasm-patched')).not.toContain('BitgradBinaryConv2D');
});
