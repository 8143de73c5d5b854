// `bitgrad eval`: a saved model on a data set, as deployed and as trained.
import { checkCommand, expectText } from '../arguments.js';
import { resolve } from 'node:path';
import { summary } from '@bitgrad/layers';
import { evaluateGap } from '@bitgrad/training';
import type { JsonObject } from '@bitgrad/core';
import { described, kinds, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { shared } from '../options.js';
import { startBackend } from '../backends.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { openRun, openRunData, readRun, splitOf } from '../model-dir/open.js';
import { usePlugins } from '../plugins.js';
import { percent } from '../progress.js';
import { errorsOf, scoreRows, type ColumnErrors } from '../scores.js';
import { resultTable } from '../table.js';

export const evalEntries = {
  data: shared.data(' (default: what it was trained on)'),
  split: shared.split,
  limit: shared.limit,
  batch: v.optional(described(kinds.integer(1), 'images a step', { value: '<n>' }), 250),
  backend: shared.backend,
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad eval`. */
export type EvalOptions = Given<typeof evalEntries>;

/** The object of `bitgrad eval --json`. Accuracies are shares in [0, 1]. */
export interface EvalResult {
  /** Accuracy of the hardened model, the one that is deployed: of its classes, or of its labels; null of values. */
  readonly testAccuracy: number | null;
  readonly hardenedTestAccuracy: number | null;
  readonly softTestAccuracy: number | null;
  readonly softToHardGap: number | null;
  /** Mean loss of the hardened model: cross-entropy in nats, or of values the mean squared error in their units. */
  readonly loss: number;
  /** Of several labels: the share of examples all of whose labels are right. */
  readonly exact?: number | null;
  /** Of values, by the names of their columns. */
  readonly errors?: Readonly<Record<string, ColumnErrors>>;
  readonly images: number;
  /** Accuracy within each class, by name; null for a class without images. */
  readonly classAccuracy: Readonly<Record<string, number | null>>;
  /** `confusion[class][predicted]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly backend: string;
  readonly model: string;
  readonly quantizer: string;
  readonly data: string;
  readonly split: string;
  readonly parameters: number;
  readonly kernels: Readonly<Record<string, number>>;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '?');

/**
 * Evaluates the model of a folder.
 * @returns the exit code
 * @throws BitgradError for options or files that cannot be used
 */
export async function runEval(
  folder: string,
  given: EvalOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('folder', folder);
  const options = checkCommand('eval', evalEntries, given, io, directory);
  const path = resolve(directory, folder);
  const run = await readRun(path, (text) => writeLine(io.stderr, text));
  const { info } = run;
  await usePlugins(options.plugin, directory);
  const { backend } = await startBackend(options.backend);
  const model = await openRun(run, options.plugin.length > 0);
  const dataset = await openRunData(info, { ...options, directory, lines: io.stderr });
  const split = splitOf(dataset, options.split, options.limit, Number(info.options.seed ?? 0));
  const started = performance.now();
  const normalize = info.inputType === 'f32' ? undefined : info.normalize;
  const gap = await evaluateGap(model, split, { batchSize: options.batch, normalize, signal: io.signal });
  const seconds = (performance.now() - started) / 1000;
  if (!gap) return io.signal?.reason === 'SIGTERM' ? exitCodes.SIGTERM : exitCodes.SIGINT;
  const { confusion, loss, images, exact, errors } = gap.hardened;
  const total = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);
  const costs = summary(model).total;
  const saved = info.result as JsonObject;
  const result: EvalResult = {
    testAccuracy: gap.hardenedTestAccuracy,
    hardenedTestAccuracy: gap.hardenedTestAccuracy,
    softTestAccuracy: gap.softTestAccuracy,
    softToHardGap: gap.softToHardGap,
    loss,
    images,
    ...(exact !== null && { exact }),
    ...(errors && { errors: errorsOf(info.classes, errors) }),
    classAccuracy: Object.fromEntries(
      confusion.map((row, i) => [info.classes[i]!, total(row) ? row[i]! / total(row) : null]),
    ),
    confusion,
    seconds,
    imagesPerSecond: images / seconds,
    backend: backend.name,
    model: text(saved.model),
    quantizer: text(saved.quantizer),
    data: options.data ?? text(saved.data),
    split: options.split,
    parameters: costs.binaryParams + costs.lowBitParams + costs.floatParams,
    kernels: backend.report(),
  };
  model.dispose();
  await backend.dispose();
  if (options.json) writeLine(io.stdout, JSON.stringify(result));
  else writeLine(io.stdout, table(result, io));
  return exitCodes.done;
}

const table = (result: EvalResult, io: CliIo): string =>
  resultTable(
    `${result.model} with ${result.quantizer} on ${result.data} (${result.split}, ${result.images} images)`,
    [
      ...(result.testAccuracy === null
        ? []
        : [
            ['accuracy', io.colors.green(percent(result.testAccuracy))] as const,
            ['soft-to-hard gap', percent(result.softToHardGap)] as const,
          ]),
      ...scoreRows(result),
      ['loss', result.loss.toFixed(4)],
      ['throughput', `${result.imagesPerSecond.toFixed(0)} img/s on ${result.backend}`],
      ...Object.entries(result.classAccuracy).map(
        ([name, share]) => [`class ${name}`, percent(share)] as const,
      ),
    ],
    io,
  );
