// What a finished trial records.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { TeacherRow } from './teacher.js';
import { cpus, totalmem, type as osType } from 'node:os';

/** Accuracies after one epoch, in [0, 1]. */
export interface EpochRow {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly soft: number | null;
  readonly hardened: number | null;
  readonly flipRatio: number | null;
  /** Of a method with a recipe. */
  readonly stage?: string;
}

/** Time of one packed inference on one engine. */
export interface PackedLatency {
  readonly engine: string;
  readonly variant: string | null;
  /** Median milliseconds for one example. */
  readonly medianMs: number;
  readonly samples: number;
}

/** The packed form of a trained model. */
export interface PackedRow {
  readonly bytes: number;
  readonly floatBytes: number;
  /** Share of test images on which the packed model and the graph agree, on `images` of them. */
  readonly agreement: number;
  readonly images: number;
  /** What a float dense layer at the end became: 8 bits where that changes no class on `images`. */
  readonly lastLayer: 'float' | 'int8' | null;
  readonly latency: readonly PackedLatency[];
  readonly fallbacks: number;
}

/** Where a trial ran. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
}

/** One line of results.jsonl. */
export interface TrialResult {
  readonly id: string;
  readonly label: string;
  readonly seed: number;
  /** Who was for testing alone. */
  readonly speaker?: string;
  readonly model: string;
  readonly data: string;
  readonly finishedAt: string;
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly backend: string;
  readonly kernels: Readonly<Record<string, number>>;
  readonly epochs: readonly EpochRow[];
  /** Test accuracy of the deployed levels after the last epoch. */
  readonly hardened: number;
  readonly soft: number;
  readonly gap: number;
  readonly imagesPerSecond: number;
  readonly seconds: number;
  readonly peakMemoryMiB: number;
  readonly parameters: number;
  /** Whose logits it learned from. */
  readonly teacher?: TeacherRow;
  readonly packed: PackedRow | null;
}

const root = new URL('../../../', import.meta.url);

/** Facts about this machine. */
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: osType(),
  node: process.version,
});

/** The commit that runs, with `-dirty` when files changed since; null outside a checkout. */
export function commit(): string | null {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return (
      git('rev-parse', '--short=12', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no') ? '-dirty' : '')
    );
  } catch {
    return null;
  }
}

/** Versions of the packages that decide a result. */
export function versions(): Record<string, string> {
  const of = (url: URL): string => (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
  return {
    node: process.versions.node,
    '@bitgrad/core': of(new URL('packages/core/package.json', root)),
    '@tensorflow/tfjs-core': of(new URL('apps/bench/node_modules/@tensorflow/tfjs-core/package.json', root)),
  };
}
