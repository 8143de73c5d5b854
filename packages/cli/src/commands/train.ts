// `bitgrad train`: data, model, trainer, checkpoints and result. What the options mean is in program.ts.
import { checkCommand } from '../arguments.js';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type BackendAdapter, type JsonObject, type PictureFit, type PictureOptions } from '@bitgrad/core';
import { symmetricNormalization, type Augmentation, type Dataset } from '@bitgrad/datasets';
import { checkModel, summary } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import {
  checkConfig,
  createTrainer,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type OptimizerConfig,
  type Trainer,
} from '@bitgrad/training';
import { startBackend } from '../backends.js';
import { absoluteData, openData, parseAugment } from '../data.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { readIfThere, writeAtomically } from '../model-dir/atomic.js';
import { commitFiles } from '../model-dir/commit.js';
import type { FolderLock } from '../model-dir/lock.js';
import { modelContents } from '../model-dir/model.js';
import { checkpointName, infoContents, infoName } from '../model-dir/run-info.js';
import { usePlugins } from '../plugins.js';
import { createProgress, duration, percent, type Progress } from '../progress.js';
import { chooseQuantizers, type ChosenQuantizers } from '../quantizer-spec.js';
import { chooseFolder, inRunFolder } from '../run-folder.js';
import { resultTable } from '../table.js';
import { checkTrainOptions, identityOf, keptOptions, savedIdentity } from './train-options.js';

/** Options of `bitgrad train`, as the command line gives them. */
export interface TrainOptions {
  readonly model: string;
  readonly quantizer: string;
  readonly inputQuantizer?: string;
  readonly quantizerOptions?: JsonObject;
  readonly inputQuantizerOptions?: JsonObject;
  readonly modelOptions?: JsonObject;
  readonly backend: string;
  readonly data: string;
  readonly limit?: number;
  readonly testLimit?: number;
  readonly epochs: number;
  readonly batch: number;
  readonly lr?: number;
  readonly lrSchedule: string;
  readonly warmup: number;
  readonly optimizer: string;
  readonly optimizerOptions?: JsonObject;
  readonly augment: string;
  /** Folders: side of the pictures, grey or not, how they are brought to it, what is beside them, and whether inverted. */
  readonly imageSize?: number;
  readonly grey?: boolean;
  readonly fit?: string;
  readonly background?: PictureOptions['background'];
  readonly invert?: boolean;
  readonly seed: number;
  readonly out?: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly checkpointSeconds: number;
  readonly json: boolean;
  readonly plugin: readonly string[];
}

/** The object of `bitgrad train --json`. Accuracies are shares in [0, 1]. */
export interface TrainResult {
  /** Test accuracy of the hardened model, the one that is deployed: the same as `hardenedTestAccuracy`. */
  readonly testAccuracy: number | null;
  readonly hardenedTestAccuracy: number | null;
  readonly softTestAccuracy: number | null;
  /** `softTestAccuracy - hardenedTestAccuracy`. */
  readonly softToHardGap: number | null;
  readonly trainAccuracy: number | null;
  readonly trainLoss: number | null;
  readonly flipRatio: number | null;
  /** Training throughput; evaluation and pauses not counted. */
  readonly imagesPerSecond: number;
  /** Training time in seconds, over all parts of a resumed run; evaluation and pauses not counted. */
  readonly seconds: number;
  readonly backend: string;
  readonly quantizer: string;
  readonly model: string;
  readonly data: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly batch: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Deployed weights of every kind. */
  readonly parameters: number;
  /** Those with two levels, one bit each when packed. */
  readonly binaryParameters: number;
  /** Bytes of the weights when packed. */
  readonly packedBytes: number;
  /** How often each own kernel of the backend ran. */
  readonly kernels: Readonly<Record<string, number>>;
  readonly out: string;
  /** False when a signal stopped the run before its end. */
  readonly finished: boolean;
}

/** What is known before the data is read. */
interface Setup {
  readonly options: TrainOptions;
  readonly io: CliIo;
  /** Where lines for people go. */
  readonly lines: NodeJS.WritableStream;
  readonly backend: BackendAdapter;
  readonly quantizers: ChosenQuantizers;
  readonly augment: Augmentation | undefined;
  readonly folder: string;
  /** What paths are relative to. */
  readonly directory: string;
  readonly lock: FolderLock;
}

interface Run extends Setup {
  /** What a resumed run must have in common with this one. */
  readonly identity: JsonObject;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly model: LayersModel;
}

/**
 * Trains a model and saves it.
 * @param directory what paths are relative to
 * @returns the exit code; 130 or 143 when the signal of `io` stopped it, after its checkpoint was saved
 * @throws BitgradError for options that cannot be met
 */
export async function runTrain(options: TrainOptions, io: CliIo, directory = process.cwd()): Promise<number> {
  checkCommand('train', options, io, directory);
  const lines = options.json ? io.stderr : io.stdout;
  await usePlugins(options.plugin, directory);
  const quantizers = chooseQuantizers(options);
  checkTrainOptions(options, quantizers);
  const augment = parseAugment(options.augment);
  const { backend, skipped } = await startBackend(options.backend);
  for (const { name, reason } of skipped) writeLine(lines, `backend ${name} not used: ${reason}`);
  const identity = identityOf(options, quantizers, backend.name);
  const name = [options.model, quantizers.label, options.data.split(':')[0], `seed${options.seed}`].join('-');
  const folder = await chooseFolder(options, name.replaceAll(/[^\w.+-]/g, '_'), directory);
  const setup = { options, io, lines, backend, quantizers, augment, folder, directory };
  const finished = await inRunFolder(
    folder,
    (text) => writeLine(lines, text),
    (lock) => trainIn({ ...setup, lock }, identity),
  );
  await backend.dispose();
  if (finished) return exitCodes.done;
  return io.signal?.reason === 'SIGTERM' ? exitCodes.SIGTERM : exitCodes.SIGINT;
}

/** Trains in a folder that belongs to this process; whether the run is finished. */
async function trainIn(setup: Setup, chosen: JsonObject): Promise<boolean> {
  const { options, lines, quantizers, folder, augment, directory } = setup;
  const { imageSize, grey, background, invert } = options;
  const dataset = await openData(
    {
      ...options,
      data: absoluteData(options.data, directory),
      shape: { ...(imageSize && { size: [imageSize, imageSize] }), ...(grey && { channels: 1 }) },
      picture: { fit: options.fit as PictureFit | undefined, background, invert },
    },
    lines,
  );
  const identity = { ...chosen, classes: [...dataset.classes] };
  const checkpoint = options.resume ? await readCheckpoint(folder, identity) : undefined;
  const model = createModel(options.model, {
    ...options.modelOptions,
    inputShape: dataset.shape,
    classes: dataset.classes.length,
    kernelQuantizer: quantizers.kernel,
    inputQuantizer: quantizers.input,
    seed: options.seed,
  });
  const trainer = createTrainer({
    model,
    train: dataset.train,
    test: dataset.test.size > 0 ? dataset.test : undefined,
    epochs: options.epochs,
    batchSize: options.batch,
    seed: options.seed,
    optimizer: { ...options.optimizerOptions, name: options.optimizer } as OptimizerConfig,
    learningRate: options.lr,
    schedule: { kind: options.lrSchedule as 'cosine', warmupSteps: options.warmup },
    augment,
  });
  if (checkpoint) restoreCheckpoint(trainer, checkpoint);
  const run: Run = { ...setup, identity, dataset, trainer, model };
  announce(run, checkpoint);
  const finished = await loop(run);
  await finish(run, resultOf(run, finished));
  trainer.dispose();
  model.dispose();
  return finished;
}

async function readCheckpoint(folder: string, identity: JsonObject): Promise<Checkpoint | undefined> {
  const bytes = await readIfThere(join(folder, checkpointName));
  if (!bytes) return undefined;
  const checkpoint = loadCheckpoint(bytes);
  const saved = (checkpoint.extra.identity ?? {}) as JsonObject;
  checkConfig(savedIdentity(saved, identity), identity);
  return checkpoint;
}

function announce(
  { options, lines, trainer, model, dataset, backend, quantizers, folder }: Run,
  from?: Checkpoint,
): void {
  const { total } = summary(model);
  writeLine(
    lines,
    `${options.model} with ${quantizers.label} on ${backend.name}: ${total.binaryParams + total.lowBitParams} ` +
      `quantized and ${total.floatParams} float parameters; ${options.data}: ${dataset.train.size} training and ` +
      `${dataset.test.size} test images; ${options.epochs} epochs of ${trainer.stepsPerEpoch} steps; to ${folder}`,
  );
  for (const { message } of checkModel(model).warnings) writeLine(lines, `warning: ${message}`);
  if (from) writeLine(lines, `resumed at step ${from.clock.step} of ${trainer.totalSteps}`);
  else if (options.resume)
    writeLine(lines, 'there is no checkpoint to resume from: starting at the beginning');
}

const save = async ({ trainer, folder, identity, lock }: Run): Promise<void> => {
  const bytes = await saveCheckpoint(trainer, { identity });
  await lock.check();
  await writeAtomically(join(folder, checkpointName), bytes);
};

/** Trains with checkpoints: at the start, after each epoch, every few seconds, and when stopped. */
async function loop(run: Run): Promise<boolean> {
  const { trainer, io, options } = run;
  const progress = createProgress(io, run.lines, options.epochs);
  const onAbort = (): void => progress.note(`${String(io.signal?.reason)}: finishing the step and saving`);
  io.signal?.addEventListener('abort', onAbort);
  try {
    await save(run);
    let saved = performance.now();
    for await (const event of trainer.run({ signal: io.signal })) {
      if (event.type === 'step') progress.step(event);
      if (event.type === 'epoch') {
        progress.epoch(event);
        warnAboutGap(event.softToHardGap, progress);
      }
      const due = performance.now() - saved > options.checkpointSeconds * 1000;
      if (event.type === 'step' && !due) continue;
      await save(run);
      saved = performance.now();
    }
  } finally {
    io.signal?.removeEventListener('abort', onAbort);
    progress.stop();
  }
  return trainer.position().epoch >= options.epochs;
}

function warnAboutGap(gap: number | null, progress: Progress): void {
  if (gap !== null && gap > 0.02)
    progress.note(
      `warning: hardened, the model loses ${percent(gap)} of accuracy: its quantizer is still far from its levels`,
    );
}

function resultOf(
  { options, trainer, model, backend, quantizers, dataset, folder }: Run,
  finished: boolean,
): TrainResult {
  const { history, trainSeconds, trainImages } = trainer.metrics();
  const last = history.at(-1);
  const { total } = summary(model);
  return {
    testAccuracy: last?.hardenedTestAccuracy ?? null,
    hardenedTestAccuracy: last?.hardenedTestAccuracy ?? null,
    softTestAccuracy: last?.softTestAccuracy ?? null,
    softToHardGap: last?.softToHardGap ?? null,
    trainAccuracy: last?.accuracy ?? null,
    trainLoss: last?.loss ?? null,
    flipRatio: last?.flipRatio ?? null,
    imagesPerSecond: trainSeconds > 0 ? trainImages / trainSeconds : 0,
    seconds: trainSeconds,
    backend: backend.name,
    quantizer: quantizers.label,
    model: options.model,
    data: options.data,
    seed: options.seed,
    epochs: options.epochs,
    steps: trainer.clock().step,
    batch: options.batch,
    trainImages: dataset.train.size,
    testImages: dataset.test.size,
    parameters: total.binaryParams + total.lowBitParams + total.floatParams,
    binaryParameters: total.binaryParams,
    packedBytes: total.packedBytes,
    kernels: backend.report(),
    out: folder,
    finished,
  };
}

async function finish(run: Run, result: TrainResult): Promise<void> {
  const { options, io, model, folder, trainer, dataset, identity, lock, directory } = run;
  const info = infoContents({
    version: 1,
    options: { ...keptOptions(identity, options, directory), ...trainer.config },
    plugins: options.plugin,
    classes: dataset.classes,
    inputShape: dataset.shape,
    normalize: symmetricNormalization,
    ...(dataset.picture && { picture: dataset.picture }),
    clock: trainer.clock(),
    finished: result.finished,
    result: JSON.parse(JSON.stringify(result)) as JsonObject,
  });
  await commitFiles(folder, { ...(await modelContents(model)), [infoName]: info }, () => lock.check());
  if (options.json) return writeLine(io.stdout, JSON.stringify(result));
  const rows: [string, string][] = [
    ['test accuracy', io.colors.green(percent(result.testAccuracy))],
    ['soft-to-hard gap', percent(result.softToHardGap)],
    ['training accuracy', percent(result.trainAccuracy)],
    ['training time', duration(result.seconds)],
    ['throughput', `${result.imagesPerSecond.toFixed(0)} img/s on ${result.backend}`],
    ['parameters', `${result.parameters}, ${result.binaryParameters} of them 1-bit`],
    ['packed weights', `${(result.packedBytes / 1024).toFixed(1)} KiB`],
    ['saved to', folder],
  ];
  const state = result.finished ? 'trained' : `stopped at step ${result.steps} of ${trainer.totalSteps}`;
  writeLine(
    io.stdout,
    `\n${resultTable(`${result.model} with ${result.quantizer} on ${result.data}: ${state}`, rows, io)}`,
  );
  if (!result.finished) writeLine(io.stdout, 'Go on with the same command and --resume.');
}
