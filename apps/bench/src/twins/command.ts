// `bench twins`: bitgrad and PyTorch train the same networks from the same weights on the same batches.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { usePlugins } from '../parts.js';
import { findTorch, torchCommand } from '../training/peer.js';
import { trainAndExport, twins, type Twin } from './export.js';

/** Options of `bench twins`. */
export interface TwinsOptions {
  readonly python?: string;
  readonly nets?: readonly string[];
  readonly steps: number;
  readonly batch: number;
  readonly json?: string;
}

/** What PyTorch tells of a run. */
interface TorchRun {
  readonly losses: readonly number[];
  readonly flips: readonly number[];
  /** Of each weight, how far bitgrad's first step is from PyTorch's, as a share of that. */
  readonly updates: Readonly<Record<string, number>>;
  readonly torch: string;
}

/** A network's losses in bitgrad, in PyTorch, and in PyTorch in float64. */
export interface TwinRow {
  readonly net: string;
  readonly losses: {
    readonly bitgrad: readonly number[];
    readonly float32: readonly number[];
    readonly float64: readonly number[];
  };
  /** Steps from the first on whose losses agree, of bitgrad and of PyTorch in the precision that agrees longer. */
  readonly agreed: number;
  /** The same of PyTorch in float32 and in float64: how long rounding alone leaves the signs as they are. */
  readonly rounding: number;
  /** Largest relative difference over these steps. */
  readonly difference: number;
  /** The largest difference of the first step of a weight, of SGD: that of Adam has one size, however small a gradient is. */
  readonly update?: number;
  readonly holds: boolean;
}

/** Losses agree where they differ by less than this share: once a sign differs they differ by far more. */
const tolerance = 1e-4;
/** First steps of weights differ by the rounding of gradients, as a share of them. */
const updateTolerance = 1e-3;

const relative = (a: number, b: number): number =>
  Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-30);

/** The number of leading steps whose losses agree. */
export function agreedSteps(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((loss, step) => !(relative(loss, b[step] ?? Number.NaN) < tolerance));
  return first < 0 ? a.length : first;
}

/**
 * Compares three runs. A rounding flips a first sign at any step, in a deep network in its first forward pass, and then
 * losses part, of float32 and float64 in PyTorch as well. So bitgrad holds when its first loss is PyTorch's in one of the
 * two, with the first step of every weight, and its losses go on agreeing with it for at least half of the steps for which the two
 * agree with each other.
 * @param updates the largest difference of the first step of a weight from PyTorch's in either precision
 */
export function compareRuns(
  net: string,
  losses: TwinRow['losses'],
  updates?: { readonly float32: number; readonly float64: number },
): TwinRow {
  const [single, double] = [losses.float32, losses.float64].map((other) => agreedSteps(losses.bitgrad, other)) as [number, number]; // prettier-ignore
  const precision = single >= double ? 'float32' : 'float64';
  const [agreed, peer, update] = [Math.max(single, double), losses[precision], updates?.[precision]];
  const rounding = agreedSteps(losses.float32, losses.float64);
  const common = losses.bitgrad.slice(0, agreed);
  const difference = common.reduce((most, loss, i) => Math.max(most, relative(loss, peer[i]!)), 0);
  const stepped = update === undefined || update < updateTolerance;
  const holds = agreed >= 1 && agreed >= rounding / 2 && stepped;
  return { net, losses, agreed, rounding, difference, ...(update !== undefined && { update }), holds };
}

const script = fileURLToPath(new URL('../../reference/twins.py', import.meta.url));

/** Trains one network three times. */
export async function runTwin(
  twin: Twin,
  python: string,
  { steps, batch }: Pick<TwinsOptions, 'steps' | 'batch'>,
): Promise<TwinRow> {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-twin-'));
  try {
    const bitgrad = await trainAndExport(twin, steps, batch, folder);
    const run = (precision: string): TorchRun =>
      JSON.parse(execFileSync(python, [script, folder, precision], { encoding: 'utf8' })) as TorchRun;
    const [float32, float64] = [run('float32'), run('float64')];
    const most = ({ updates }: TorchRun): number => Math.max(...Object.values(updates));
    return compareRuns(
      twin.model,
      { bitgrad, float32: float32.losses, float64: float64.losses },
      twin.optimizer === 'sgd' ? { float32: most(float32), float64: most(float64) } : undefined,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns the exit code: 1 where a network does not hold */
export async function twinsCommand(options: TwinsOptions): Promise<number> {
  const python = findTorch(options.python);
  if (!python) {
    process.stdout.write(`twins: skipped, no interpreter can import torch. Run ${torchCommand}\n`);
    return 0;
  }
  await usePlugins([]);
  await useBackend([wasm()]);
  const rows: TwinRow[] = [];
  for (const twin of twins.filter(({ model }) => options.nets?.includes(model) ?? true)) {
    const row = await runTwin(twin, python, options);
    rows.push(row);
    process.stdout.write(
      `${row.net}: ${row.agreed} of ${options.steps} steps agree with PyTorch (its float32 and float64: ${row.rounding}), ` +
        `to ${row.difference.toExponential(1)}${row.update === undefined ? '' : `, first steps of weights to ${row.update.toExponential(1)}`}; first losses ${row.losses.bitgrad[0]!.toFixed(5)}, ` +
        `${row.losses.float32[0]!.toFixed(5)} and ${row.losses.float64[0]!.toFixed(5)}${row.holds ? '' : ': does not hold'}\n`,
    );
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 2));
  return rows.every(({ holds }) => holds) ? 0 : 1;
}
