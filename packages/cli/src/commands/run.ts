// `bitgrad run`: a packed model on the images of a data set, or on one picture.
import { checkCommand, expectText } from '../arguments.js';
import { resolve } from 'node:path';
import { BitgradError, outputKinds } from '@bitgrad/core';
import { readImage } from '@bitgrad/datasets/node';
import { imageInput, topClasses, type ClassScore, type PackedModel } from '@bitgrad/runtime';
import {
  described,
  kinds,
  openData,
  pictureEntries,
  tableEntries,
  tableOf,
  type Given,
  type Resolved,
} from '@bitgrad/recipe';
import * as v from 'valibot';
import { absoluteData, pictureShape } from '../data.js';
import { engineText, runOn, startPacked, type Started } from '../engines.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { checkShape, splitOf } from '../model-dir/open.js';
import { usePlugins } from '../plugins.js';
import { shared } from '../options.js';
import { percent } from '../progress.js';
import { answersOf, inputSpec, runSplit, scoresOf } from '../run-split.js';
import { scoreRows, type ColumnErrors } from '../scores.js';
import { resultTable } from '../table.js';

export const runEntries = {
  data: shared.data(''),
  image: v.optional(
    described(v.string(), 'a picture (PNG, JPEG, WebP, GIF, BMP), made as those of the training', { value: '<file>' }), // prettier-ignore
  ),
  invert: v.optional(
    described(v.boolean(), 'the picture is dark on light where training had light on dark'),
    false,
  ),
  ...pictureEntries('a picture', ['as in training', 'as in training']),
  ...tableEntries,
  outputKind: v.optional(
    described(v.picklist(outputKinds), 'what the outputs are, where the file does not say it or is wrong', { value: '<kind>' }), // prettier-ignore
  ),
  top: v.optional(described(kinds.integer(1), 'how many classes of a picture to show', { value: '<n>' }), 3),
  split: shared.split,
  limit: shared.limit,
  seed: v.optional(
    described(kinds.anyInteger, 'decides which images a limit takes, and what digits draws', {
      value: '<n>',
    }),
    1,
  ),
  engine: shared.engine,
  threads: shared.threads,
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad run`. */
export type RunCommandOptions = Given<typeof runEntries>;
type Options = Resolved<typeof runEntries>;

/** The object of `bitgrad run --data ... --json`. */
export interface RunDataResult {
  /** Share of images whose largest output is their class, or of labels that are right; null of values. */
  readonly testAccuracy: number | null;
  readonly images: number;
  /** Of several labels: the share of examples all of whose labels are right. */
  readonly exact?: number | null;
  /** Of values, by the names of their columns. */
  readonly errors?: Readonly<Record<string, ColumnErrors>>;
  readonly classAccuracy: Readonly<Record<string, number | null>>;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly engine: string;
  readonly variant: string | null;
  readonly threads: number;
  readonly data: string;
  readonly split: string;
}

/** The object of `bitgrad run --image ... --json`. */
export interface RunImageResult {
  readonly image: string;
  /** Most probable classes, best first; none of a model whose output is no class. */
  readonly classes: readonly ClassScore[];
  /** The first --top numbers of an output that is no class (regression, or an answer for each pixel); else null. */
  readonly values: readonly number[] | null;
  readonly engine: string;
  readonly variant: string | null;
  readonly threads: number;
}

const usage = (what: string, got: unknown, next: string): never => {
  throw new BitgradError({ code: 'invalid-option', source: 'cli', what, got, next });
};

/** Whether an example has one answer, and it is a class. */
const hasClass = ({ plan, metadata }: PackedModel): boolean =>
  metadata.output !== 'regression' && plan.buffers[plan.output]!.shape.slice(0, -1).every((n) => n === 1);

async function runData(
  started: Started,
  data: string,
  options: Options,
  lines: NodeJS.WritableStream,
  directory: string,
): Promise<RunDataResult> {
  const { model, report } = started;
  const { shape } = inputSpec(model);
  // Of the split that nobody asked for one image is enough.
  const count = (name: string): number | undefined => (options.split === name ? options.limit : 1);
  const dataset = await openData(
    {
      data: absoluteData(data, directory),
      seed: options.seed,
      limit: count('train'),
      testLimit: count('test'),
      shape: pictureShape(shape),
      picture: model.metadata.picture,
      table: tableOf(options),
      classes: model.metadata.classes,
    },
    (text) => writeLine(lines, text),
  );
  const { classes } = dataset;
  const { kind = 'class' } = dataset.train;
  if (!hasClass(model) && kind !== 'values')
    throw new BitgradError({
      code: 'incompatible',
      source: 'cli',
      what: 'accuracy of a model whose output is no class of the image',
      got: model.metadata.output ?? 'an answer at each position',
      expected: 'one row of logits, probabilities or sigmoids',
      next: 'Read its values with --image, or by the runtime.',
    });
  checkShape(dataset, shape);
  const outputs = model.plan.buffers[model.plan.output]!.shape.reduce((a, b) => a * b, 1);
  if (!model.metadata.classes && classes.length !== outputs)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'cli',
      what: `classes of ${data}`,
      got: classes.length,
      expected: `${outputs}, the outputs of the model, whose file names no classes`,
    });
  const split = splitOf(dataset, options.split, options.limit, options.seed);
  const scores = scoresOf(model, kind, classes);
  const seconds = await runSplit(started.executable, model, split, scores.add);
  return {
    ...scores.result(),
    images: split.size,
    seconds,
    imagesPerSecond: split.size / seconds,
    engine: report.engine,
    variant: report.variant ?? null,
    threads: report.threads,
    data,
    split: options.split,
  };
}

async function runImage(started: Started, file: string, options: Options): Promise<RunImageResult> {
  const { model, executable, report } = started;
  const image = await readImage(file);
  const target = { input: inputSpec(model), metadata: model.metadata };
  const input = imageInput(image, target, {
    // Without the option, as the training did.
    invert: options.invert || undefined,
    fit: options.fit,
    background: options.background,
  });
  const output = await runOn(executable, input);
  return {
    image: file,
    classes: hasClass(model) ? topClasses(output, answersOf(model), options.top) : [],
    values: hasClass(model) ? null : Array.from(output.subarray(0, options.top)),
    engine: report.engine,
    variant: report.variant ?? null,
    threads: report.threads,
  };
}

/**
 * Runs a packed model.
 * @returns the exit code
 * @throws BitgradError for options and files that cannot be used
 */
export async function runRun(
  file: string,
  given: RunCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('file', file);
  const options = checkCommand('run', runEntries, given, io, directory);
  const { data, image } = options;
  if ((data === undefined) === (image === undefined))
    usage(
      'what to run on',
      data === undefined ? 'nothing' : '--data and --image',
      'Give --data SPEC for the accuracy on a data set, or --image FILE for the classes of a picture.',
    );
  const unused =
    image === undefined
      ? { '--invert': options.invert, '--fit': options.fit, '--background': options.background }
      : { '--limit': options.limit };
  for (const [name, value] of Object.entries(unused))
    if (value !== undefined && value !== false)
      usage(name, value, image === undefined ? 'It is for --image.' : 'It is for --data.');
  // A picture needs none, and is answered sooner.
  if (data !== undefined || options.plugin.length > 0) await usePlugins(options.plugin, directory);
  const { model, ...rest } = await startPacked(resolve(directory, file), options, io);
  const { outputKind: output = model.metadata.output } = options;
  const started = {
    ...rest,
    model: { ...model, metadata: { ...model.metadata, ...(output && { output }) } },
  };
  try {
    if (data !== undefined) {
      const result = await runData(started, data, options, io.stderr, directory);
      writeLine(io.stdout, options.json ? JSON.stringify(result) : dataTable(result, started, io));
    } else {
      const result = await runImage(started, resolve(directory, image!), options);
      writeLine(io.stdout, options.json ? JSON.stringify(result) : imageTable(result, started, io));
    }
  } finally {
    started.executable.dispose();
  }
  return exitCodes.done;
}

const dataTable = (result: RunDataResult, { model, report }: Started, io: CliIo): string =>
  resultTable(
    `${model.metadata.name ?? 'model'} on ${result.data} (${result.split}, ${result.images} images)`,
    [
      ...(result.testAccuracy === null
        ? []
        : [['accuracy', io.colors.green(percent(result.testAccuracy))] as const]),
      ...scoreRows(result),
      ['throughput', `${result.imagesPerSecond.toFixed(0)} img/s on ${engineText(report)}`],
      ...Object.entries(result.classAccuracy).map(
        ([name, share]) => [`class ${name}`, percent(share)] as const,
      ),
    ],
    io,
  );

const imageTable = (result: RunImageResult, { report }: Started, io: CliIo): string =>
  resultTable(
    `${result.image} on ${engineText(report)}`,
    result.values
      ? result.values.map((value, i) => [`output ${i}`, String(value)] as const)
      : result.classes.map(({ name, probability }) => [name, percent(probability)] as const),
    io,
  );
