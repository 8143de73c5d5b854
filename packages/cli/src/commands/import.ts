// `bitgrad import`: a trained network of another framework -> one packed file, compared with the source before it is written.
import { dirname, join, resolve } from 'node:path';
import { BitgradError, outputKinds } from '@bitgrad/core';
import type { ImportResult } from '@bitgrad/importer';
import { described, kinds, modelContents, openData, type Given, type Resolved } from '@bitgrad/recipe';
import * as v from 'valibot';
import { checkCommand, expectText } from '../arguments.js';
import { startBackend } from '../backends.js';
import { absoluteData } from '../data.js';
import { chooseEngine, engineText } from '../engines.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { ensureFolder, writeAtomically } from '../model-dir/atomic.js';
import { shared } from '../options.js';
import { usePlugins } from '../plugins.js';
import { percent } from '../progress.js';
import { runSplit, scoresOf } from '../run-split.js';
import { kilobytes, resultTable } from '../table.js';

const numbers = v.array(v.pipe(v.number(), v.finite()));

const forms = ['packed', 'layers'] as const;

export const importEntries = {
  to: v.optional(described(v.picklist(forms), 'the form: a packed model, or a folder of tfjs-layers (model.json, weights.bin) to go on training, of Keras models', { value: '<form>' }), 'packed'), // prettier-ignore
  out: described(kinds.text, 'the file to write, such as model.bitgrad, or the folder', {
    short: '-o',
    value: '<file>',
  }),
  format: v.optional(described(v.string(), 'name of the importer', { value: '<name>', shown: 'the first that knows the files', names: 'importer' })), // prettier-ignore
  architecture: v.optional(described(v.string(), 'which network, for files that hold weights only', { value: '<name>' })), // prettier-ignore
  inputShape: v.optional(described(v.array(kinds.integer(1)), 'sizes of the input after the batch, for files that leave them open', { value: '<n,n,...>' })), // prettier-ignore
  input: v.optional(described(v.picklist(['u8', 'f32']), 'what the packed model takes: bytes, normalized inside, or what the source takes', { value: '<type>' }), 'u8'), // prettier-ignore
  mean: v.optional(described(numbers, 'of the normalization, in units of bytes', { value: '<x,x,...>', shown: 'that of the format, else 0' })), // prettier-ignore
  std: v.optional(described(numbers, 'of the normalization, in units of bytes', { value: '<x,x,...>', shown: 'that of the format, else 255' })), // prettier-ignore
  outputKind: v.optional(described(v.picklist(outputKinds), 'what the outputs are', { value: '<kind>', shown: 'as the network ends' })), // prettier-ignore
  data: shared.data('; its test images are compared, and its classes named in the file'),
  limit: v.optional(described(kinds.integer(1), 'compare the accuracy on at most so many test images', { value: '<n>' }), 10_000), // prettier-ignore
  verify: v.optional(described(kinds.integer(1), 'compare the outputs with the source on so many inputs', { value: '<n>' }), 16), // prettier-ignore
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad import`. */
export type ImportCommandOptions = Given<typeof importEntries>;
type Options = Resolved<typeof importEntries>;

/** The object of `bitgrad import --json`. */
export interface ImportCommandResult {
  readonly out: string;
  /** Name of the importer. */
  readonly format: string;
  /** Bytes of the file, and of the parameters in float32. */
  readonly packedBytes: number;
  readonly floatBytes: number;
  readonly nodes: number;
  /** How the packed model compares with a float64 interpreter of the source. */
  readonly agreement: ImportResult['agreement'];
  /** Nodes that run as float ops although they are quantized. */
  readonly fallbacks: ImportResult['fallbacks'];
  /** Accuracy on the test images; null without --data. */
  readonly testAccuracy: number | null;
  readonly images: number;
  readonly engine: string;
}

/** The test images and the names of the classes. */
async function testImages(options: Options, io: CliIo, directory: string) {
  if (options.data === undefined) return undefined;
  const data = absoluteData(options.data, directory);
  const { test, classes } = await openData({ data, seed: 1, limit: 1, testLimit: options.limit }, (text) =>
    writeLine(io.stderr, text),
  );
  if (test.size === 0) throw new BitgradError({ code: 'invalid-option', source: 'cli', what: `test images of ${options.data}`, got: 'none' }); // prettier-ignore
  return { test, classes };
}

type Data = Awaited<ReturnType<typeof testImages>>;

/** @param data of images: a table would need options that this command does not have */
async function accuracyOf({ model, normalization }: ImportResult, data: NonNullable<Data>) {
  const { engine } = await chooseEngine('auto');
  const executable = await engine.compile(model);
  const scores = scoresOf(model, 'class', data.classes);
  await runSplit(executable, model, data.test, scores.add, normalization);
  const text = engineText(executable.report());
  executable.dispose();
  return { accuracy: scores.result().testAccuracy, engine: text };
}

const normalizationOf = ({ mean, std }: Options) => {
  if (!mean && !std) return undefined;
  if (!mean || !std) throw new BitgradError({ code: 'invalid-option', source: 'cli', what: mean ? '--std' : '--mean', got: 'nothing', expected: 'both of --mean and --std' }); // prettier-ignore
  return { mean, std };
};

/** Reads the source, with as many of the test images to verify on as are asked for. */
async function imported(path: string, options: Options, data: Data) {
  const { format, architecture, inputShape, input, outputKind, verify } = options;
  // Loaded when it is asked for: other commands start sooner without it.
  const [{ importModel }, { readFiles }] = await Promise.all([
    import('@bitgrad/importer'),
    import('@bitgrad/importer/node'),
  ]);
  const files = await readFiles(path);
  const classes = data && data.classes.length > 1 ? data.classes : undefined;
  const size = data ? data.test.images.length / data.test.size : 0;
  return importModel(files, {
    format,
    architecture,
    inputShape,
    input,
    normalization: normalizationOf(options),
    output: outputKind,
    classes,
    ...(data ? { samples: data.test.images.subarray(0, size * Math.min(verify, data.test.size)) } : { randomSamples: verify }), // prettier-ignore
  });
}

/** The object of `bitgrad import --to layers --json`. */
export interface ImportLayersResult {
  readonly out: string;
  readonly layers: number;
  readonly weights: number;
  /** Bytes of each file. */
  readonly files: Readonly<Record<string, number>>;
}

/** Options that only packing has. */
const ofPacking = ['format', 'architecture', 'mean', 'std', 'outputKind', 'data'] as const;

/** Writes a model with its latent weights. */
async function writeLayers(path: string, options: Options, out: string): Promise<ImportLayersResult> {
  const given = ofPacking.find((key) => options[key] !== undefined);
  if (given !== undefined) throw new BitgradError({ code: 'invalid-option', source: 'cli', what: `${given} with --to layers`, got: options[given], expected: 'nothing: it is an option of packed models' }); // prettier-ignore
  const [{ importLayers }, { readFiles }] = await Promise.all([
    import('@bitgrad/importer/layers'),
    import('@bitgrad/importer/node'),
  ]);
  await startBackend('cpu');
  const model = await importLayers(await readFiles(path), { inputShape: options.inputShape });
  const contents = await modelContents(model);
  const summary = { layers: model.layers.length, weights: model.countParams() };
  model.dispose();
  await ensureFolder(out);
  for (const [name, bytes] of Object.entries(contents)) await writeAtomically(join(out, name), bytes);
  const files = Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, Buffer.byteLength(bytes)])); // prettier-ignore
  return { out, ...summary, files };
}

const layersTable = ({ out, layers, weights, files }: ImportLayersResult, io: CliIo): string =>
  resultTable(
    out,
    [
      ['layers', String(layers)],
      ['weights', String(weights)],
      ...Object.entries(files).map(([name, bytes]) => [name, kilobytes(bytes)] as const),
    ],
    io,
  );

/**
 * Imports a network of another framework.
 * @returns the exit code
 * @throws BitgradError for files that cannot be read, nodes that cannot be packed, and `verification-failed`; then nothing
 *   is written
 */
export async function runImport(
  path: string,
  given: ImportCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('path', path);
  const options = checkCommand('import', importEntries, given, io, directory);
  await usePlugins(options.plugin, directory);
  const out = resolve(directory, options.out);
  if (options.to === 'layers') {
    const written = await writeLayers(resolve(directory, path), options, out);
    writeLine(io.stdout, options.json ? JSON.stringify(written) : layersTable(written, io));
    return exitCodes.done;
  }
  const data = await testImages(options, io, directory);
  const result = await imported(resolve(directory, path), options, data);
  await ensureFolder(dirname(out));
  await writeAtomically(out, result.bytes);
  const found = data ? await accuracyOf(result, data) : undefined;
  const summary: ImportCommandResult = {
    out,
    format: result.format,
    packedBytes: result.bytes.length,
    floatBytes: result.model.metadata.floatBytes ?? 0,
    nodes: result.graph.nodes.length,
    agreement: result.agreement,
    fallbacks: result.fallbacks,
    testAccuracy: found?.accuracy ?? null,
    images: data?.test.size ?? 0,
    engine: found?.engine ?? 'js',
  };
  writeLine(io.stdout, options.json ? JSON.stringify(summary) : table(summary, io));
  return exitCodes.done;
}

const table = (result: ImportCommandResult, io: CliIo): string => {
  const { agreement, fallbacks } = result;
  const ties = agreement.ties > 0 ? `, ${agreement.ties} within rounding of a step` : '';
  return resultTable(
    result.out,
    [
      ['format', result.format],
      ['nodes', String(result.nodes)],
      ['float32 parameters', kilobytes(result.floatBytes)],
      ['packed file', kilobytes(result.packedBytes)],
      ['same class', `${percent(agreement.argmax)} of ${agreement.samples} ${agreement.random ? 'random inputs' : 'test images'}${ties}`], // prettier-ignore
      ['largest difference', agreement.maxDifference.toPrecision(3)],
      ...(result.testAccuracy === null ? [] : [['accuracy', `${percent(result.testAccuracy)} on ${result.images} images (${result.engine})`] as const]), // prettier-ignore
      ...fallbacks.map(({ node, reason }) => ['float op', `${node}: ${reason}`] as const),
    ],
    io,
  );
};
