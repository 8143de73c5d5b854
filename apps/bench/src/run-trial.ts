// Runs one trial in this process: data, model, training, evaluation, packing.
import type { Dataset } from '@bitgrad/datasets';
import { symmetricNormalization } from '@bitgrad/datasets';
import { summary } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import {
  createTrainer,
  type EpochEvent,
  type OptimizerConfig,
  type Trainer,
  type TrainerOptions,
} from '@bitgrad/training';
import { chooseQuantizers, openData, parseAugment, startBackend, usePlugins } from 'bitgrad';
import type { BenchConfig, Trial } from './config.js';
import { packedRow } from './packed.js';
import { commit, machine, versions, type EpochRow, type TrialResult } from './result.js';

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
  trainAccuracy: event.accuracy,
  soft: event.softTestAccuracy,
  hardened: event.hardenedTestAccuracy,
  flipRatio: event.flipRatio,
});

/** Epochs that a budget of images or minutes amounts to, at least 1. */
const epochsOf = async (config: BenchConfig, dataset: Dataset, trial: Trainer): Promise<number> => {
  const { budget } = config;
  if ('epochs' in budget) return budget.epochs;
  if ('images' in budget) return Math.max(1, Math.round(budget.images / dataset.train.size));
  let speed = 0;
  for await (const event of trial.run()) {
    if (event.type !== 'step') continue;
    speed = event.imagesPerSecond;
    if (event.batch >= 30) break;
  }
  return Math.max(1, Math.floor((budget.minutes * 60 * speed) / dataset.train.size));
};

/** Whether an optimizer of a method comes with its learning rate; then the comparison's is not meant for it. */
const hasOwnRate = (optimizer: Trial['method']['optimizer']): boolean =>
  optimizer !== undefined &&
  [optimizer, optimizer['rest'] ?? {}].some((each) => 'learningRate' in (each as object));

/** Runs a trial. @throws BitgradError from data, plugins, training or compilation */
export async function runTrial(
  trial: Trial,
  onProgress: (progress: TrialProgress) => void = () => {},
): Promise<TrialResult> {
  const { config, method, seed } = trial;
  await usePlugins(config.plugins, process.cwd());
  const { backend } = await startBackend(config.backend);
  // The data are those of the config: the seed decides order and initialization, not which images there are.
  const { data, limit, testLimit } = config;
  const dataset = await openData({ data, limit, testLimit, seed: 0 }, process.stderr);
  const make = (epochs: number): { options: TrainerOptions; trainer: Trainer } => {
    const { kernel, input } = chooseQuantizers(method);
    const model = createModel(config.model, {
      ...config.modelOptions,
      inputShape: dataset.shape,
      classes: dataset.classes.length,
      kernelQuantizer: kernel,
      inputQuantizer: input,
      seed,
    });
    const options: TrainerOptions = {
      model,
      train: dataset.train,
      test: dataset.test,
      epochs,
      batchSize: config.batchSize,
      seed,
      optimizer: { ...(method.optimizer ?? config.optimizer) } as OptimizerConfig,
      learningRate: method.learningRate ?? (hasOwnRate(method.optimizer) ? undefined : config.learningRate),
      schedule: config.schedule,
      augment: parseAugment(config.augment),
      normalize: symmetricNormalization,
      evaluateEvery: config.evaluateEvery,
    };
    return { options, trainer: createTrainer(options) };
  };
  const probe = make(1);
  const epochs = await epochsOf(config, dataset, probe.trainer);
  probe.trainer.dispose();
  probe.options.model.dispose();

  const { options, trainer } = make(epochs);
  const rows: EpochRow[] = [];
  let last: EpochEvent | undefined;
  for await (const event of trainer.run()) {
    if (event.type === 'epoch') {
      last = event;
      rows.push(rowOf(event));
    } else if (event.type === 'step')
      onProgress({
        done: event.step,
        total: event.totalSteps,
        accuracy: event.accuracy,
        imagesPerSecond: event.imagesPerSecond,
      });
  }
  const { trainImages, trainSeconds } = trainer.metrics();
  const { total } = summary(options.model);
  const packed = config.compile ? await packedRow(options.model, dataset.test, symmetricNormalization) : null;
  const result: TrialResult = {
    id: trial.id,
    label: trial.label,
    seed,
    model: config.model,
    data: dataset.name,
    finishedAt: new Date().toISOString(),
    commit: commit(),
    versions: versions(),
    machine: machine(),
    backend: backend.name,
    kernels: backend.report(),
    epochs: rows,
    hardened: last!.hardenedTestAccuracy!,
    soft: last!.softTestAccuracy!,
    gap: last!.softToHardGap!,
    imagesPerSecond: trainImages / trainSeconds,
    seconds: trainSeconds,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    parameters: total.binaryParams + total.lowBitParams + total.floatParams,
    packed,
  };
  trainer.dispose();
  options.model.dispose();
  await backend.dispose();
  return result;
}
