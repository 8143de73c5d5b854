// `bitgrad train`: a run with checkpoints, a folder and a report. What the options decide is in @bitgrad/recipe.
import { join } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { checkModel, summary } from '@bitgrad/layers';
import {
  checkpointName,
  chooseQuantizers,
  described,
  kinds,
  openRun,
  recipeEntries,
  type Given,
  type OpenOptions,
  type Recipe,
  type Resolved,
  type Run,
  type RunResult,
} from '@bitgrad/recipe';
import type { Checkpoint } from '@bitgrad/training';
import * as v from 'valibot';
import { checkCommand } from '../arguments.js';
import { backendTable } from '../backends.js';
import { absoluteData } from '../data.js';
import { exitCodes } from '../exit.js';
import { initialFrom } from '../initial.js';
import { writeLine, type CliIo } from '../io.js';
import { readIfThere, writeAtomically } from '../model-dir/atomic.js';
import { commitFiles } from '../model-dir/commit.js';
import type { FolderLock } from '../model-dir/lock.js';
import { shared } from '../options.js';
import { usePlugins } from '../plugins.js';
import { createProgress, duration, percent, type Progress } from '../progress.js';
import { chooseFolder, inRunFolder } from '../run-folder.js';
import { openRunLog } from '../run-log.js';
import { resultTable } from '../table.js';

/** What `bitgrad train` takes beside the recipe. */
const commandEntries = {
  out: v.optional(
    described(v.string(), 'where to save', { value: '<dir>', shown: 'a new folder runs/MODEL-QUANTIZER-DATA-SEED' }), // prettier-ignore
  ),
  initFrom: v.optional(
    described(kinds.text, 'start from the weights of a run, or of zoo:NAME, by name and shape: of the same network in float, say', { value: '<dir>', shown: 'new ones', names: 'zoo' }), // prettier-ignore
  ),
  teacher: v.optional(
    described(kinds.text, 'learn from the logits of a run: of the same data, and any network', { value: '<dir>', shown: 'from the labels alone' }), // prettier-ignore
  ),
  resume: v.optional(
    described(v.boolean(), 'go on from the checkpoint in --out, to the same bits as a run that was never stopped'), // prettier-ignore
    false,
  ),
  overwrite: v.optional(described(v.boolean(), 'replace the run that --out holds'), false),
  checkpointSeconds: v.optional(
    described(kinds.positive, 'save a checkpoint at least this often', { value: '<x>' }),
    15,
  ),
  plugin: shared.plugin,
  json: v.optional(
    described(
      v.boolean(),
      'the last line of stdout is one JSON object with the result; all else goes to stderr',
    ),
    false,
  ),
};

export const trainEntries = { ...recipeEntries, backend: shared.backend, ...commandEntries };

/** Options of `bitgrad train`. */
export type TrainOptions = Given<typeof trainEntries>;
type Options = Resolved<typeof trainEntries>;

/** The object of `bitgrad train --json`. */
export interface TrainResult extends RunResult {
  /** The run's folder. */
  readonly out: string;
}

/** What is known before the data is read. */
interface Setup {
  readonly options: Options;
  readonly recipe: Recipe;
  readonly io: CliIo;
  /** Where lines for people go. */
  readonly lines: NodeJS.WritableStream;
  readonly folder: string;
  /** What paths are relative to. */
  readonly directory: string;
  readonly lock: FolderLock;
}

interface Training extends Setup {
  readonly run: Run;
}

/** The part of the options that is the recipe. */
const recipeOf = (options: Options): Recipe =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(recipeEntries, name)),
  ) as unknown as Recipe;

/**
 * Trains a model and saves it.
 * @param directory what paths are relative to
 * @returns the exit code; 130 or 143 when the signal of `io` stopped it, after its checkpoint was saved
 * @throws BitgradError for options that cannot be met
 */
export async function runTrain(given: TrainOptions, io: CliIo, directory = process.cwd()): Promise<number> {
  const options = checkCommand('train', trainEntries, given, io, directory);
  const lines = options.json ? io.stderr : io.stdout;
  if (options.resume && options.overwrite)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: '--resume and --overwrite',
      got: 'both',
      next: 'Give --resume to go on with the run, --overwrite to replace it.',
    });
  await usePlugins(options.plugin, directory);
  const recipe = recipeOf(options);
  const quantizers = chooseQuantizers(recipe);
  const name = [options.model, quantizers.label, options.data.split(':')[0], `seed${options.seed}`].join('-');
  const folder = await chooseFolder(options, name.replaceAll(/[^\w.+-]/g, '_'), directory);
  const setup = { options, recipe, io, lines, folder, directory };
  const finished = await inRunFolder(
    folder,
    (text) => writeLine(lines, text),
    (lock) => trainIn({ ...setup, lock }),
  );
  if (finished) return exitCodes.done;
  return io.signal?.reason === 'SIGTERM' ? exitCodes.SIGTERM : exitCodes.SIGINT;
}

/** Trains in a folder that belongs to this process; whether the run is finished. */
async function trainIn(setup: Setup): Promise<boolean> {
  const { options, recipe, lines, folder, directory } = setup;
  const note = (text: string): void => writeLine(lines, text);
  // Files of other runs are read before anything else is done.
  const modelIn = async (from: string | undefined): Promise<OpenOptions['initial']> =>
    from === undefined ? undefined : initialFrom(from, directory, note, options.plugin.length > 0);
  const [initial, teacher] = [await modelIn(options.initFrom), await modelIn(options.teacher)];
  const run = await openRun(
    { ...recipe, data: absoluteData(recipe.data, directory) },
    { backends: backendTable, initial, teacher, note },
  );
  const bytes = options.resume ? await readIfThere(join(folder, checkpointName)) : undefined;
  const training = { ...setup, run };
  announce(training, bytes && run.resume(bytes));
  const finished = await loop(training);
  await finish(training, { ...run.result(), data: options.data, out: folder });
  await run.dispose();
  return finished;
}

function announce({ options, lines, run, folder }: Training, from?: Checkpoint): void {
  const { trainer, model, data, backend, quantizers } = run;
  const { total } = summary(model);
  writeLine(
    lines,
    `${options.model} with ${quantizers.label} on ${backend.name}: ${total.binaryParams + total.lowBitParams} ` +
      `quantized and ${total.floatParams} float parameters; ${options.data}: ${data.train.size} training` +
      `${data.validation ? `, ${data.validation.size} validation` : ''} and ${data.test.size} test images; ${options.epochs} epochs of ${trainer.stepsPerEpoch} steps; to ${folder}`,
  );
  for (const { message } of checkModel(model).warnings) writeLine(lines, `warning: ${message}`);
  const { step, totalSteps } = run.progress();
  if (from) writeLine(lines, `resumed at step ${step} of ${totalSteps}`);
  else if (options.resume)
    writeLine(lines, 'there is no checkpoint to resume from: starting at the beginning');
}

const save = async ({ run, folder, lock }: Training): Promise<void> => {
  const bytes = await run.checkpoint();
  await lock.check();
  await writeAtomically(join(folder, checkpointName), bytes);
};

/** Trains with checkpoints: at the start, after each epoch, every few seconds, and when stopped. */
async function loop(training: Training): Promise<boolean> {
  const { run, io, options } = training;
  const progress = createProgress(io, training.lines, options.epochs);
  const onAbort = (): void => progress.note(`${String(io.signal?.reason)}: finishing the step and saving`);
  io.signal?.addEventListener('abort', onAbort);
  try {
    await save(training);
    const { history, step } = run.progress();
    const log = await openRunLog(training.folder, history, step, Date.now);
    let saved = performance.now();
    return await run.train({
      signal: io.signal,
      async onEvent(event) {
        if (event.type === 'phase') return progress.phase(event);
        if (event.type === 'step') progress.step(event);
        if (event.type === 'step' || event.type === 'epoch') await log.add(event);
        if (event.type === 'epoch') {
          progress.epoch(event);
          warnAboutGap(event.softToHardGap, progress);
        }
        const due = performance.now() - saved > options.checkpointSeconds * 1000;
        if (event.type === 'step' && !due) return;
        await save(training);
        saved = performance.now();
      },
    });
  } finally {
    io.signal?.removeEventListener('abort', onAbort);
    progress.stop();
  }
}

function warnAboutGap(gap: number | null, progress: Progress): void {
  if (gap !== null && gap > 0.02)
    progress.note(
      `warning: hardened, the model loses ${percent(gap)} of accuracy: its quantizer is still far from its levels`,
    );
}

async function finish(training: Training, result: TrainResult): Promise<void> {
  const { options, io, folder, run, lock, directory } = training;
  const data = absoluteData(options.data, directory);
  const about = { data, plugins: options.plugin, result: { data: result.data, out: folder } };
  await commitFiles(folder, await run.files(about), () => lock.check());
  if (options.json) return writeLine(io.stdout, JSON.stringify(result));
  const rows: [string, string][] = [
    ['test accuracy', io.colors.green(percent(result.testAccuracy))],
    ['soft-to-hard gap', percent(result.softToHardGap)],
    ...(typeof result.testLoss === 'number'
      ? [['test loss', result.testLoss.toFixed(4)] as [string, string]]
      : []),
    ...(result.validationAccuracy === undefined
      ? []
      : [['validation accuracy', percent(result.validationAccuracy)] as [string, string]]),
    ['training accuracy', percent(result.trainAccuracy)],
    ['training time', duration(result.seconds)],
    ['throughput', `${result.imagesPerSecond.toFixed(0)} img/s on ${result.backend}`],
    ['parameters', `${result.parameters}, ${result.binaryParameters} of them 1-bit`],
    ['packed weights', `${(result.packedBytes / 1024).toFixed(1)} KiB`],
    ['saved to', folder],
  ];
  const epoch = result.epoch === undefined ? '' : `, weights of epoch ${result.epoch + 1}`;
  const state = result.finished
    ? `trained${epoch}`
    : `stopped at step ${result.steps} of ${run.progress().totalSteps}`;
  writeLine(
    io.stdout,
    `\n${resultTable(`${result.model} with ${result.quantizer} on ${result.data}: ${state}`, rows, io)}`,
  );
  if (!result.finished) writeLine(io.stdout, 'Go on with the same command and --resume.');
}
