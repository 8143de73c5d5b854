// What a trainer takes, checked once before anything runs: wrong data or an option that does not exist would train all the
// same, on something else.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, type JsonObject, type OptionRules } from '@bitgrad/core';
import {
  augmentationRule,
  batchCount,
  normalizationRule,
  normalizationTable,
  symmetricNormalization,
  type Augmentation,
  type Normalization,
  type Split,
} from '@bitgrad/datasets';
import { expectModel } from '@bitgrad/layers';
import { checkData, classCount, expectLogits } from './inputs.js';
import { createOptimizer, type OptimizerConfig } from './optimizers/config.js';
import { settleRates } from './optimizers/rates.js';
import { expectOptimizer, isOptimizer, type StatefulOptimizer } from './optimizers/step-optimizer.js';
import {
  resolveSchedule,
  scheduleConfig,
  scheduleRule,
  type LearningRateSchedule,
  type ScheduleSpec,
} from './schedules.js';
import { checkSelection, earlyStopRule, type EarlyStop, type Monitor } from './selection.js';
import { splitChecksum } from './state.js';
import { smoothedCrossEntropy, type LossFunction } from './step.js';

/** What to train, on what, and how. */
export interface TrainerOptions {
  /** A tfjs-layers model that gives logits [n, classes]; trained in place, not disposed. */
  readonly model: LayersModel;
  readonly train: Split;
  /** Evaluated after each epoch; without it epochs have no test accuracy. */
  readonly test?: Split;
  /**
   * Evaluated after epochs in place of the test split, which is then evaluated once, at the end: what chooses an epoch says
   * nothing of new images.
   */
  readonly validation?: Split;
  /** Ends the run when the validation split gets no better; needs one. Default not. */
  readonly earlyStop?: EarlyStop;
  /** At its end the model gets the weights of the epoch that was best on the validation split; default false. */
  readonly keepBest?: boolean;
  /** What is better on the validation split: more `accuracy` (default) or less `loss`, both at the levels of deployment. */
  readonly monitor?: Monitor;
  readonly epochs: number;
  /** Images a step; default 64. The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Decides order and augmentation; default 0. */
  readonly seed?: number;
  /** Default `{ name: 'adam' }`. An object of your own is used as it is, and disposed with the trainer. */
  readonly optimizer?: OptimizerConfig | StatefulOptimizer;
  /**
   * Base learning rate of the optimizers that have none of their own; default that of each optimizer (Adam 0.001, SGD 0.1).
   */
  readonly learningRate?: number;
  /** Scales every base rate over the run; default `cosine`. */
  readonly schedule?: ScheduleSpec;
  /** Default bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  /** Default none. */
  readonly augment?: Augmentation;
  /** Default mean softmax cross-entropy. */
  readonly loss?: LossFunction;
  /** Share of a label that is spread evenly over the classes, [0, 1), of the default loss; default 0. */
  readonly labelSmoothing?: number;
  /** Gradients whose norm over all weights together is larger are scaled down to it; default not. */
  readonly clipNorm?: number;
  /** Evaluate after every so many epochs and after the last; default 1; 0: never. */
  readonly evaluateEvery?: number;
  /** Sample the flip ratio in every so many steps of an epoch, the first included; default 50; 0: never. */
  readonly flipEvery?: number;
  /** Give the event loop a turn at least this often, in milliseconds; default 40. */
  readonly yieldEveryMs?: number;
}

const rules: OptionRules<TrainerOptions> = {
  model: option.any,
  train: option.any,
  test: option.any,
  validation: option.any,
  earlyStop: earlyStopRule,
  keepBest: option.boolean,
  monitor: option.oneOf('accuracy', 'loss'),
  epochs: option.required(option.integer(1)),
  batchSize: option.integer(1),
  seed: option.integer(),
  optimizer: option.any,
  learningRate: option.positive,
  schedule: scheduleRule,
  normalize: normalizationRule,
  augment: augmentationRule,
  loss: option.callback,
  labelSmoothing: option.below(0, 1),
  clipNorm: option.positive,
  evaluateEvery: option.integer(0),
  flipEvery: option.integer(0),
  yieldEveryMs: option.number(0),
};

/** What stays undefined where it is not given. */
type Absent = 'test' | 'validation' | 'earlyStop' | 'clipNorm';

/** Options with their defaults, and what follows from them. */
export interface ResolvedOptions extends Required<
  Omit<TrainerOptions, 'optimizer' | 'schedule' | 'augment' | 'labelSmoothing' | Absent>
> {
  readonly test: Split | undefined;
  readonly validation: Split | undefined;
  readonly earlyStop: EarlyStop | undefined;
  readonly augment: Augmentation | undefined;
  readonly clipNorm: number | undefined;
  readonly optimizer: StatefulOptimizer;
  readonly schedule: Required<LearningRateSchedule>;
  readonly classes: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The options that decide the result, as a checkpoint holds them. */
  readonly config: JsonObject;
}

const invalid = (what: string, got: unknown, expected: string, next: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'training', what, got, expected, next });

/** Floats from 0 to 1 that were put into bytes are all 0 or 1: with the usual normalization, the same picture for all. */
function checkContrast({ images }: Split, normalize: Normalization | undefined): void {
  if (normalize === undefined && images.every((byte) => byte <= 1))
    throw invalid(
      'images of the split given to createTrainer (train)',
      'no byte above 1',
      'bytes from 0 to 255',
      'Floats from 0 to 1 become bytes by Math.round(255 * v). If 0 and 1 are meant, say so: normalize: { mean: [0.5], std: [0.5] }.',
    );
}

/** The default loss takes logits; smoothing is an option of that loss alone. */
function checkLoss({ model, loss, labelSmoothing = 0 }: TrainerOptions): void {
  if (loss === undefined) expectLogits(model);
  else if (labelSmoothing > 0)
    throw invalid(
      'option "labelSmoothing" of createTrainer, beside a loss of your own',
      labelSmoothing,
      'the default loss, or no smoothing',
      'Smooth the labels in your loss.',
    );
}

/** @throws BitgradError `invalid-option`, `shape-mismatch`, `unknown-name`, `incompatible`, `disposed` */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  checkOptions('training', 'createTrainer', options, rules);
  const { model, train, test, validation, epochs, augment, clipNorm, labelSmoothing = 0 } = options;
  const { earlyStop, keepBest = false, monitor = 'accuracy' } = options;
  const { batchSize = 64, seed = 0, normalize = symmetricNormalization } = options;
  expectModel('training', 'createTrainer', model);
  const classes = classCount(model);
  if (model.trainableWeights.length === 0)
    throw invalid('model given to createTrainer', 'no trainable weights', 'at least one', 'Set `trainable` of its layers to true.'); // prettier-ignore
  checkLoss(options);
  checkData('createTrainer (train)', model, train);
  if (test !== undefined) checkData('createTrainer (test)', model, test);
  if (validation !== undefined) checkData('createTrainer (validation)', model, validation);
  checkSelection(options);
  checkContrast(train, options.normalize);
  normalizationTable(normalize, train.shape[2]);
  const given = options.optimizer ?? { name: 'adam' };
  const optimizer = isOptimizer(given) ? given : createOptimizer(given, model);
  expectOptimizer('createTrainer', optimizer);
  const learningRate = settleRates(optimizer, options.learningRate, 'createTrainer');
  const schedule = resolveSchedule(options.schedule ?? 'cosine');
  const stepsPerEpoch = batchCount(train, { batchSize });
  const resolved = {
    model,
    train,
    test,
    validation,
    earlyStop,
    keepBest,
    monitor,
    epochs,
    batchSize,
    seed,
    optimizer,
    learningRate,
    schedule,
    normalize,
    augment,
    loss: options.loss ?? smoothedCrossEntropy(labelSmoothing),
    clipNorm,
    evaluateEvery: options.evaluateEvery ?? 1,
    flipEvery: options.flipEvery ?? 50,
    yieldEveryMs: options.yieldEveryMs ?? 40,
    classes,
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * epochs,
  };
  return { ...resolved, config: configOf(resolved, labelSmoothing) };
}

/**
 * The options that decide the result, by a JSON round trip: what a checkpoint holds compares equal to what a new trainer
 * computes. What came later is left out where it is not used: the configuration is then that of older checkpoints.
 */
const configOf = (options: Omit<ResolvedOptions, 'config'>, labelSmoothing: number): JsonObject => {
  const { train, validation, optimizer, schedule, augment, clipNorm, earlyStop, keepBest, monitor } = options;
  const { epochs, batchSize, seed, learningRate, normalize, classes } = options;
  return JSON.parse(
    JSON.stringify({
      epochs,
      batchSize,
      seed,
      learningRate,
      schedule: scheduleConfig(schedule),
      normalize,
      augment: augment ?? null,
      optimizer: optimizer.getConfig(),
      trainImages: train.size,
      trainChecksum: splitChecksum(train),
      imageShape: train.shape,
      classes,
      ...(labelSmoothing > 0 && { labelSmoothing }),
      ...(clipNorm && { clipNorm }),
      ...(validation && { validationImages: validation.size, validationChecksum: splitChecksum(validation) }),
      ...(earlyStop && { earlyStop }),
      ...(keepBest && { keepBest }),
      ...((earlyStop ?? keepBest) && { monitor }),
    }),
  ) as JsonObject;
};
