// `bitgrad compile`: a trained run -> one packed file, compared with the graph on test images before it is written.
import { checkCommand, expectText } from '../arguments.js';
import { dirname, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { CompileResult } from '@bitgrad/compiler';
import { BitgradError } from '@bitgrad/core';
import type { Examples } from '@bitgrad/datasets';
import { createModel, listModels } from '@bitgrad/models';
import { described, kinds, packModel, type RunInfo, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { jsEngine, normalizeBytes } from '@bitgrad/runtime';
import { shared } from '../options.js';
import { startBackend } from '../backends.js';
import { chooseEngine, engineText, runOn, timeRuns } from '../engines.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { ensureFolder, writeAtomically } from '../model-dir/atomic.js';
import { openRun, openRunData, readRun } from '../model-dir/open.js';
import { usePlugins } from '../plugins.js';
import { percent } from '../progress.js';
import { kilobytes, resultTable } from '../table.js';

export const compileEntries = {
  out: described(kinds.text, 'the file to write, such as model.bitgrad', { short: '-o', value: '<file>' }),
  data: shared.data('; its test images are compared (default: what it was trained on)'),
  limit: v.optional(
    described(kinds.integer(1), 'compare on at most so many test images', { value: '<n>' }),
    1000,
  ),
  firstLayer: v.optional(
    described(
      v.picklist(['auto', 'float', 'integers']),
      'a float convolution of bytes; auto: exact sums of bytes when no class changes on the images, which is faster, else float',
      { value: '<type>' },
    ),
    'float',
  ),
  lastLayer: v.optional(
    described(
      v.picklist(['auto', 'float', 'int8']),
      'auto: int8 when no class changes on the images, else float',
      { value: '<type>' },
    ),
    'auto',
  ),
  time: v.optional(described(v.boolean(), 'also time one image, in float and packed'), false),
  backend: shared.backend,
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad compile`. */
export type CompileCommandOptions = Given<typeof compileEntries>;

/** The object of `bitgrad compile --json`. */
export interface CompileCommandResult {
  readonly out: string;
  /** Bytes of the file, and of the parameters in float32. */
  readonly packedBytes: number;
  readonly floatBytes: number;
  /** floatBytes / packedBytes. */
  readonly ratio: number;
  /** Share of images with the same class, and the largest difference of a logit. */
  readonly agreement: number;
  readonly maxDifference: number;
  /** The difference over the spread of its output, and what it may be. */
  readonly relativeDifference: number;
  readonly bound: number;
  /** Images on which the graph's own rounding decided signs otherwise. */
  readonly ties: number;
  /** Engines that ran the packed model for this. */
  readonly verifiedBy: readonly string[];
  readonly images: number;
  /** `test` images of the data, or `random` ones where the data cannot be read, with the reason. */
  readonly verifiedOn: 'test' | 'random';
  readonly dataUnavailable: string | null;
  /** Accuracy of the packed model on those images; null on random ones. */
  readonly testAccuracy: number | null;
  readonly firstLayer: 'float' | 'integers' | null;
  readonly lastLayer: 'float' | 'int8' | null;
  readonly fallbacks: CompileResult['fallbacks'];
  readonly engine: string;
  /** Median time of one image, one thread, with --time: the same architecture in float32 on the training backend, and the packed model. */
  readonly floatMs: number | null;
  readonly packedMs: number | null;
  readonly backend: string;
}

/** Test images, or why there are none. */
async function testImages(
  info: RunInfo,
  options: Pick<CompileCommandOptions, 'data' | 'limit'>,
  lines: NodeJS.WritableStream,
  directory: string,
): Promise<Examples | string> {
  try {
    const { data, limit } = options;
    const { test } = await openRunData(info, { data, split: 'test', limit, lines, directory });
    if (test.size === 0) return 'the data set has no test images';
    return test;
  } catch (error) {
    // Data that was asked for must be there; what the model was trained on may have gone since.
    if (!(error instanceof BitgradError) || options.data !== undefined) throw error;
    return error.message;
  }
}

/**
 * Median milliseconds of one image in float32: the same architecture without quantizers, on the training backend.
 * @returns null when the architecture is not one of @bitgrad/models
 */
const timeFloat = async (
  one: Uint8Array | Float32Array,
  { options, inputShape, classes, normalize }: RunInfo,
): Promise<number | null> => {
  if (!listModels().some(({ name }) => name === options.model)) return null;
  const model = createModel(options.model as string, {
    ...(options.modelOptions as object | undefined),
    inputShape: inputShape as [number, number, number],
    classes: classes.length,
    kernelQuantizer: null,
  });
  const values = one instanceof Float32Array ? one : normalizeBytes(one, inputShape.at(-1)!, normalize);
  const x = tf.tensor(values, [1, ...inputShape]);
  const { medianMs } = await timeRuns(
    () => tf.tidy(() => void (model.predict(x) as tf.Tensor).dataSync()),
    0.5,
  );
  x.dispose();
  model.dispose();
  return medianMs;
};

/**
 * Compiles the model of a folder into one file.
 * @returns the exit code
 * @throws BitgradError for options, files or layers that cannot be used; `verification-failed`, and then nothing is written
 */
export async function runCompile(
  folder: string,
  given: CompileCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('folder', folder);
  const options = checkCommand('compile', compileEntries, given, io, directory);
  const path = resolve(directory, folder);
  const out = resolve(directory, options.out);
  const run = await readRun(path, (text) => writeLine(io.stderr, text));
  const { info } = run;
  await usePlugins(options.plugin, directory);
  const { backend } = await startBackend(options.backend);
  const model = await openRun(run, options.plugin.length > 0);
  const images = await testImages(info, options, io.stderr, directory);
  const found = typeof images === 'string' ? undefined : images;
  const { engine } = await chooseEngine('auto');
  const compiled = await packModel(
    model,
    found,
    {
      name: String(info.options.model ?? model.name),
      ...(info.options.kind === 'values' ? { output: 'regression' as const } : { classes: info.classes }),
      type: info.inputType,
      normalize: info.normalize,
      picture: info.picture,
      sound: info.sound,
    },
    // The engine that runs here, on all images, and the one that runs everywhere.
    {
      limit: options.limit,
      firstLayer: options.firstLayer,
      lastLayer: options.lastLayer,
      engine: engine.name === 'js' ? engine : [engine, jsEngine()],
    },
  );
  await ensureFolder(dirname(out));
  await writeAtomically(out, compiled.bytes);
  const executable = await engine.compile(compiled.model);
  const size = info.inputShape.reduce((a, b) => a * b, 1);
  const one =
    found?.images.subarray(0, size) ?? new (info.inputType === 'f32' ? Float32Array : Uint8Array)(size);
  const output = await runOn(executable, one);
  const floatBytes = compiled.model.metadata.floatBytes ?? 0;
  const result: CompileCommandResult = {
    out,
    packedBytes: compiled.bytes.length,
    floatBytes,
    ratio: floatBytes / compiled.bytes.length,
    agreement: compiled.agreement.argmax,
    maxDifference: compiled.agreement.maxDifference,
    relativeDifference: compiled.agreement.relativeDifference,
    bound: compiled.agreement.bound,
    ties: compiled.agreement.ties,
    verifiedBy: compiled.agreement.engines,
    images: compiled.agreement.samples,
    verifiedOn: found ? 'test' : 'random',
    dataUnavailable: typeof images === 'string' ? images : null,
    testAccuracy: compiled.agreement.accuracy ?? null,
    firstLayer: compiled.firstLayer,
    lastLayer: compiled.lastLayer,
    fallbacks: compiled.fallbacks,
    engine: engineText(executable.report()),
    floatMs: options.time ? await timeFloat(one, info) : null,
    packedMs: options.time ? (await timeRuns(() => runOn(executable, one, output), 0.5)).medianMs : null,
    backend: backend.name,
  };
  executable.dispose();
  model.dispose();
  await backend.dispose();
  writeLine(io.stdout, options.json ? JSON.stringify(result) : table(result, io));
  return exitCodes.done;
}

const table = (result: CompileCommandResult, io: CliIo): string => {
  const { verifiedOn, images, floatMs, packedMs } = result;
  const rows: [string, string][] = [
    ['float32 parameters', kilobytes(result.floatBytes)],
    ['packed file', `${io.colors.green(kilobytes(result.packedBytes))}, ${result.ratio.toFixed(1)}x smaller`],
    ['agreement', `${percent(result.agreement)} of ${images} ${verifiedOn} images give the same class`],
  ];
  if (result.ties > 0)
    rows.push(['ties', `${result.ties} images have a sum at a threshold, which the graph's rounding decides otherwise`]); // prettier-ignore
  if (result.testAccuracy !== null) rows.push(['packed test accuracy', percent(result.testAccuracy)]);
  if (result.firstLayer === 'integers') rows.push(['first layer', result.firstLayer]);
  if (result.lastLayer) rows.push(['last layer', result.lastLayer]);
  if (floatMs !== null && packedMs !== null)
    rows.push(['time of one image', `${floatMs.toFixed(3)} ms in float on tfjs ${result.backend}, ${packedMs.toFixed(3)} ms packed on ${result.engine}: ${(floatMs / packedMs).toFixed(1)}x faster`]); // prettier-ignore
  rows.push(
    ...result.fallbacks.map(({ layer, reason }): [string, string] => [`float layer ${layer}`, reason]),
  );
  if (result.dataUnavailable) rows.push(['test images', `not available: ${result.dataUnavailable}`]);
  return resultTable(`compiled to ${result.out}`, rows, io);
};
