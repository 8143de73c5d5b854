// `bitgrad run`: a packed model on the images of a data set, or on one picture.
import { checkCommand, expectText } from '../arguments.js';
import { resolve } from 'node:path';
import { BitgradError, outputKinds } from '@bitgrad/core';
import { readImage, readRecording } from '@bitgrad/datasets/node';
import {
  imageInput,
  soundInput,
  topClasses,
  type InputArray,
  type ClassScore,
  type PackedModel,
} from '@bitgrad/runtime';
import {
  described,
  kinds,
  openData,
  pictureEntries,
  soundEntries,
  tableEntries,
  tableOf,
  type Given,
  type Resolved,
} from '@bitgrad/recipe';
import * as v from 'valibot';
import { absoluteData, pictureShape } from '../data.js';
import { runSound } from '../listen.js';
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
  audio: v.optional(
    described(v.string(), 'a recording (WAV), made as those of the training', { value: '<file>' }),
  ),
  stream: v.optional(
    described(v.boolean(), 'the recording as sound that comes in: each word that is heard, with its time'),
    false,
  ),
  threshold: v.optional(
    described(kinds.fraction, 'mean probability from which a word is heard, of --stream and --false-accepts', { value: '<x>', shown: '`0.8`' }), // prettier-ignore
  ),
  falseAccepts: v.optional(
    described(kinds.integer(1), 'words an hour that are heard in so many minutes each of synthesized silence and noises', { value: '<minutes>' }), // prettier-ignore
  ),
  invert: v.optional(
    described(v.boolean(), 'the picture is dark on light where training had light on dark'),
    false,
  ),
  ...pictureEntries('a picture', ['as in training', 'as in training']),
  testSpeaker: soundEntries.testSpeaker,
  ...tableEntries,
  outputKind: v.optional(
    described(v.picklist(outputKinds), 'what the outputs are, where the file does not say it or is wrong', { value: '<kind>' }), // prettier-ignore
  ),
  top: v.optional(
    described(kinds.integer(1), 'how many classes of a picture or recording to show', { value: '<n>' }),
    3,
  ),
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

/** The object of `bitgrad run --image ... --json`, and of `--audio`. */
export interface RunImageResult {
  readonly image?: string;
  readonly audio?: string;
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
      audio: { sound: model.metadata.sound, testSpeaker: options.testSpeaker },
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

/** The input of a picture, and its name in the result. */
async function pictureOf({ model }: Started, file: string, options: Options): Promise<InputArray> {
  const target = { input: inputSpec(model), metadata: model.metadata };
  return imageInput(await readImage(file), target, {
    // Without the option, as the training did.
    invert: options.invert || undefined,
    fit: options.fit,
    background: options.background,
  });
}

async function recordingOf({ model }: Started, file: string): Promise<InputArray> {
  const { samples, sampleRate } = await readRecording(file);
  return soundInput(samples, sampleRate, { input: inputSpec(model), metadata: model.metadata });
}

async function runOne(
  { model, executable, report }: Started,
  named: Pick<RunImageResult, 'image' | 'audio'>,
  input: InputArray,
  options: Options,
): Promise<RunImageResult> {
  const output = await runOn(executable, input);
  return {
    ...named,
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
  asked: RunCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('file', file);
  const options = checkCommand('run', runEntries, asked, io, directory);
  const { data, image, audio } = options;
  const given = Object.entries({
    '--data': data,
    '--image': image,
    '--audio': audio,
    '--false-accepts': options.falseAccepts,
  }).filter(([, value]) => value !== undefined);
  if (given.length !== 1)
    usage(
      'what to run on',
      given.map(([name]) => name).join(' and ') || 'nothing',
      'Give --data SPEC for the accuracy on a data set, --image FILE for the classes of a picture, --audio FILE for those of a recording, or --false-accepts MINUTES.',
    );
  const uses: Readonly<Record<string, readonly unknown[]>> = {
    '--data': [
      ['--limit', options.limit],
      ['--test-speaker', options.testSpeaker],
    ],
    '--audio': [['--stream', options.stream]],
    '--image': [
      ['--invert', options.invert],
      ['--fit', options.fit],
      ['--background', options.background],
    ],
  };
  for (const [owner, list] of Object.entries(uses))
    for (const [name, value] of list as [string, unknown][])
      if (owner !== given[0]![0] && value !== undefined && value !== false)
        usage(name, value, `It is for ${owner}.`);
  if (options.threshold !== undefined && !options.stream && options.falseAccepts === undefined)
    usage('--threshold', options.threshold, 'It is for --stream and --false-accepts, which listen.');
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
      const path = resolve(directory, image ?? audio ?? '');
      if (options.falseAccepts !== undefined || options.stream)
        return await runSound(started, path, options, io);
      const input = image ? await pictureOf(started, path, options) : await recordingOf(started, path);
      const result = await runOne(started, image ? { image: path } : { audio: path }, input, options);
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
    `${result.image ?? result.audio} on ${engineText(report)}`,
    result.values
      ? result.values.map((value, i) => [`output ${i}`, String(value)] as const)
      : result.classes.map(({ name, probability }) => [name, percent(probability)] as const),
    io,
  );
