// `bench twins`: bitgrad and PyTorch train the same networks from the same weights on the same batches.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDigits } from '@bitgrad/datasets';
import { loadDataset } from '@bitgrad/datasets/node';
import { parseAugment, startBackend } from '@bitgrad/recipe';
import { pick } from '../arguments.js';
import { backends, usePlugins } from '../parts.js';
import { findTorch, torchCommand } from '../training/peer.js';
import { trainAndExport, twins, type Twin, type TwinData, type TwinRun } from './export.js';

/** Options of `bench twins`. */
export interface TwinsOptions {
  readonly python?: string;
  readonly nets?: readonly string[];
  /** Of a pass over drawn digits. */
  readonly steps: number;
  readonly batch: number;
  /** A data set in place of drawn digits. */
  readonly data?: string;
  readonly epochs: number;
  readonly augment: string;
  readonly schedule: TwinData['schedule'];
  readonly backend: string;
  readonly json?: string;
}

/** What PyTorch tells of a run. */
interface TorchRun extends TwinRun {
  readonly flips: readonly number[];
  /** Of each weight, how far bitgrad's first step is from PyTorch's, as a share of that. */
  readonly updates: Readonly<Record<string, number>>;
  readonly torch: string;
}

/** Something of bitgrad's run, of PyTorch's, and of PyTorch's in float64. */
export type Halves<T> = Readonly<Record<'bitgrad' | 'float32' | 'float64', T>>;

/** What a network's three runs have in common. */
export interface TwinRow {
  readonly net: string;
  readonly losses: Halves<readonly number[]>;
  readonly accuracies: Halves<number>;
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
/** Accuracies differ by what flipped signs lead to: so much is noise, and what PyTorch's two precisions differ by. */
const accuracyTolerance = 0.02;
/** After fewer steps a network has learned so little that flips decide what: accuracies are told, and not judged. */
const judgedSteps = 500;
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
 * agree with each other. And after 500 steps its accuracy must be as near to one of PyTorch's as these are to each other, or within
 * two points.
 * @param updates the largest difference of the first step of a weight from PyTorch's in either precision
 */
export function compareRuns(
  net: string,
  { losses, accuracies }: Pick<TwinRow, 'losses' | 'accuracies'>,
  updates?: { readonly float32: number; readonly float64: number },
): TwinRow {
  const [single, double] = [losses.float32, losses.float64].map((other) => agreedSteps(losses.bitgrad, other)) as [number, number]; // prettier-ignore
  const precision = single >= double ? 'float32' : 'float64';
  const [agreed, peer, update] = [Math.max(single, double), losses[precision], updates?.[precision]];
  const rounding = agreedSteps(losses.float32, losses.float64);
  const common = losses.bitgrad.slice(0, agreed);
  const difference = common.reduce((most, loss, i) => Math.max(most, relative(loss, peer[i]!)), 0);
  const stepped = update === undefined || update < updateTolerance;
  const apart = (a: keyof Halves<number>, b: keyof Halves<number>) => Math.abs(accuracies[a] - accuracies[b]);
  const near = Math.min(apart('bitgrad', 'float32'), apart('bitgrad', 'float64'));
  const noise = Math.max(accuracyTolerance, apart('float32', 'float64'));
  const learned = losses.bitgrad.length < judgedSteps || near <= noise;
  const holds = agreed >= 1 && agreed >= rounding / 2 && stepped && learned;
  return { net, losses, accuracies, agreed, rounding, difference, ...(update !== undefined && { update }), holds }; // prettier-ignore
}

const script = fileURLToPath(new URL('../../reference/twins.py', import.meta.url));

/** Trains one network three times. */
export async function runTwin(twin: Twin, python: string, data: TwinData): Promise<TwinRow> {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-twin-'));
  try {
    const bitgrad = await trainAndExport(twin, data, folder);
    const run = (precision: string): TorchRun =>
      JSON.parse(execFileSync(python, [script, folder, precision], { encoding: 'utf8', maxBuffer: 1e9 })) as TorchRun; // prettier-ignore
    const [float32, float64] = [run('float32'), run('float64')];
    const most = ({ updates }: TorchRun): number => Math.max(...Object.values(updates));
    return compareRuns(
      twin.model,
      {
        losses: { bitgrad: bitgrad.losses, float32: float32.losses, float64: float64.losses },
        accuracies: { bitgrad: bitgrad.accuracy, float32: float32.accuracy, float64: float64.accuracy },
      },
      twin.optimizer === 'sgd' ? { float32: most(float32), float64: most(float64) } : undefined,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What both halves see, by the options. */
export async function dataOf(
  options: Pick<TwinsOptions, 'data' | 'steps' | 'batch' | 'epochs' | 'augment' | 'schedule'>,
): Promise<TwinData> {
  const { data, steps, batch, epochs, augment, schedule } = options;
  const { train, test, classes } =
    data === undefined
      ? createDigits({ train: steps * batch, test: 1000, seed: 1 })
      : await loadDataset(data);
  return { train, test, classes: classes.length, epochs, batch, augment: parseAugment(augment), schedule };
}

const points = (accuracy: number): string => (100 * accuracy).toFixed(2);

/** @returns the exit code: 1 where a network does not hold */
export async function twinsCommand(options: TwinsOptions): Promise<number> {
  const python = findTorch(options.python);
  if (!python) {
    process.stdout.write(`twins: skipped, no interpreter can import torch. Run ${torchCommand}\n`);
    return 0;
  }
  await usePlugins([]);
  await startBackend(backends, options.backend);
  const rows: TwinRow[] = [];
  const data = await dataOf(options);
  for (const twin of pick(twins, ({ model }) => model, 'network', options.nets)) {
    const row = await runTwin(twin, python, data);
    rows.push(row);
    const { bitgrad, float32, float64 } = row.losses;
    process.stdout.write(
      `${row.net}: ${row.agreed} of ${bitgrad.length} steps agree with PyTorch (its float32 and float64: ${row.rounding}), ` +
        `to ${row.difference.toExponential(1)}${row.update === undefined ? '' : `, first steps of weights to ${row.update.toExponential(1)}`}; ` +
        `first losses ${bitgrad[0]!.toFixed(5)}, ${float32[0]!.toFixed(5)} and ${float64[0]!.toFixed(5)}; ` +
        `test accuracy ${points(row.accuracies.bitgrad)} %, ${points(row.accuracies.float32)} and ${points(row.accuracies.float64)}` +
        `${row.holds ? '' : ': does not hold'}\n`,
    );
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 2));
  return rows.every(({ holds }) => holds) ? 0 : 1;
}
