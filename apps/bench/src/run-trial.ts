// Runs one trial in this process: its recipe, opened and trained, then packing.
import type { Dataset, Examples } from '@bitgrad/datasets';
import { openData, openRun, type RecipeInput } from '@bitgrad/recipe';
import type { EpochEvent } from '@bitgrad/training';
import type { Trial } from './config.js';
import { packedRow } from './packed.js';
import { backends, usePlugins } from './parts.js';
import { commit, machine, versions, type EpochRow, type TrialResult } from './result.js';
import { teacherOf } from './teacher.js';
import { trialCheckpoint } from './trial-checkpoint.js';

/** How far a trial is, for progress displays. */
export interface TrialProgress {
  readonly done: number;
  readonly total: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
}

const rowOf = (event: EpochEvent): EpochRow => ({
  epoch: event.epoch + 1,
  loss: event.loss,
  // Comparisons are of classes.
  trainAccuracy: event.accuracy!,
  soft: event.softTestAccuracy,
  hardened: event.hardenedTestAccuracy,
  flipRatio: event.flipRatio,
  ...('stage' in event && { stage: event.stage as string }),
});

/** Whether an optimizer of a method comes with its learning rate; then the comparison's is not meant for it. */
const hasOwnRate = (optimizer: Trial['method']['optimizer']): boolean =>
  optimizer !== undefined &&
  [optimizer, optimizer['rest'] ?? {}].some((each) => 'learningRate' in (each as object));

/** The recipe of a trial. */
function recipeOf({ config, method, seed }: Trial, epochs: number): RecipeInput {
  const { name: optimizer, ...optimizerOptions } = method.optimizer ?? config.optimizer;
  const { quantizer, quantizerOptions, inputQuantizer, inputQuantizerOptions } = method;
  const { recipe, temperature, teacherShare } = method;
  // Stages may have a decay of their own, which stands beside the optimizer.
  const { weightDecay, ...rest } = optimizerOptions;
  const decays = recipe !== undefined && typeof weightDecay === 'number';
  return {
    model: config.model,
    modelOptions: config.modelOptions,
    quantizer,
    quantizerOptions,
    inputQuantizer,
    inputQuantizerOptions,
    backend: config.backend,
    data: config.data,
    augment: config.augment,
    epochs,
    batch: config.batchSize,
    lr: method.learningRate ?? (hasOwnRate(method.optimizer) ? undefined : config.learningRate),
    lrSchedule: config.schedule,
    warmup: 0,
    optimizer,
    optimizerOptions: decays ? rest : optimizerOptions,
    ...(decays && { weightDecay }),
    recipe,
    temperature,
    teacherShare,
    seed,
  };
}

/** Epochs that a budget of images or minutes amounts to, at least 1; minutes are measured by a run of their own. */
async function epochsOf(trial: Trial, dataset: Dataset<Examples>): Promise<number> {
  const { budget } = trial.config;
  if ('epochs' in budget) return budget.epochs;
  if ('images' in budget) return Math.max(1, Math.round(budget.images / dataset.train.size));
  const probe = await openRun(recipeOf(trial, 1), { backends, dataset });
  let speed = 0;
  for await (const event of probe.trainer.run()) {
    if (event.type !== 'step') continue;
    speed = event.imagesPerSecond;
    if (event.batch >= 30) break;
  }
  await probe.dispose();
  return Math.max(1, Math.floor((budget.minutes * 60 * speed) / dataset.train.size));
}

/** Where a trial's progress is kept. */
export interface KeepIn {
  /** Of the run. */
  readonly folder: string;
  /** Default a minute. */
  readonly everyMs?: number;
}

/**
 * Runs a trial, or goes on with it.
 * @param keep where its progress is kept; not of a budget in minutes, whose length each try measures anew
 * @throws BitgradError from data, plugins, training or compilation
 */
export async function runTrial(
  trial: Trial,
  onProgress: (progress: TrialProgress) => void = () => {},
  keep?: KeepIn,
): Promise<TrialResult> {
  const { config, seed } = trial;
  await usePlugins(config.plugins);
  // The data are those of the config: the seed decides order and initialization, not which images there are.
  const { data, limit, testLimit } = config;
  const audio = { ...config.audio, testSpeaker: trial.speaker };
  const dataset = await openData({ data, limit, testLimit, audio, seed: 0 }, (text) =>
    process.stderr.write(`${text}\n`),
  );
  const { evaluateEvery } = config;
  const recipe = recipeOf(trial, await epochsOf(trial, dataset));
  const teacher = await teacherOf(trial, recipe, dataset, keep?.folder);
  const run = await openRun(recipe, {
    backends,
    dataset,
    teacher: teacher?.open,
    trainer: { evaluateEvery },
  });
  const kept = !keep || 'minutes' in config.budget ? undefined : trialCheckpoint(keep.folder, trial.id);
  kept?.resume(run);
  let saved = performance.now();
  await run.train({
    async onEvent(event) {
      if (event.type === 'step')
        onProgress({
          done: event.step,
          total: event.totalSteps,
          accuracy: event.accuracy!,
          imagesPerSecond: event.imagesPerSecond,
        });
      if (performance.now() - saved < (keep?.everyMs ?? 60_000)) return;
      await kept?.save(run);
      saved = performance.now();
    },
  });
  const figures = run.result();
  const result: TrialResult = {
    id: trial.id,
    label: trial.label,
    seed,
    ...(trial.speaker !== undefined && { speaker: trial.speaker }),
    model: config.model,
    data: dataset.name,
    finishedAt: new Date().toISOString(),
    commit: kept ? kept.commit() : commit(),
    versions: versions(),
    machine: machine(),
    backend: figures.backend,
    kernels: figures.kernels,
    epochs: run.progress().history.map(rowOf),
    hardened: figures.hardenedTestAccuracy!,
    soft: figures.softTestAccuracy!,
    gap: figures.softToHardGap!,
    imagesPerSecond: figures.imagesPerSecond,
    seconds: figures.seconds,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    parameters: figures.parameters,
    ...(teacher && { teacher: teacher.row }),
    packed: config.compile ? await packedRow(run) : null,
  };
  await run.dispose();
  kept?.remove();
  return result;
}
