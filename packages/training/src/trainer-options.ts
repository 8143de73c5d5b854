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
  type Examples,
  type Normalization,
} from '@bitgrad/datasets';
import { expectModel } from '@bitgrad/layers';
import { checkDistillation, distillationRule, distilled, type Distillation } from './distill.js';
import { endingOf, lossRule } from './evaluate.js';
import { checkData, expectLogits } from './inputs.js';
import { defaultLoss, lossNamed, type LossFunction, type LossName } from './losses.js';
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
import { checksumOf, splitChecksum } from './state.js';
import type { Answers } from './step.js';

/** What to train, on what, and how. */
export interface TrainerOptions {
  /** A tfjs-layers model whose output is what the labels are, of classes the logits [n, classes]; trained in place, not disposed. */
  readonly model: LayersModel;
  readonly train: Examples;
  /** Evaluated after each epoch; without it epochs have no test accuracy. */
  readonly test?: Examples;
  /**
   * Evaluated after epochs in place of the test split, which is then evaluated once, at the end: what chooses an epoch says
   * nothing of new images.
   */
  readonly validation?: Examples;
  /** Ends the run when the validation split gets no better; needs one. Default not. */
  readonly earlyStop?: EarlyStop;
  /** At its end the model gets the weights of the epoch that was best on the validation split; default false. */
  readonly keepBest?: boolean;
  /**
   * What is better on the validation split: more `accuracy` (default, but of values, which have none) or less `loss`, both at the
   * levels of deployment.
   */
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
  /**
   * By name, or of your own: it sees outputs, targets, inputs and weights. Default that of the labels' kind: `cross-entropy` of
   * classes, `binary-cross-entropy` of labels, `mean-squared-error` of values.
   */
  readonly loss?: LossName | LossFunction;
  /** Share of a label that is spread evenly over the classes, [0, 1), of cross-entropy; default 0. */
  readonly labelSmoothing?: number;
  /** Of cross-entropy: how much each class counts, 0 or more; default 1 each. */
  readonly classWeights?: readonly number[];
  /** Of losses of values: a number for each column that its differences are divided by; default 1 each. */
  readonly valueScale?: readonly number[];
  /** Learn from a teacher, beside the labels or in their place; evaluation is by the labels. Default not. */
  readonly distill?: Distillation;
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
  loss: lossRule,
  labelSmoothing: option.below(0, 1),
  classWeights: option.list(option.number(0), 1),
  valueScale: option.list(option.positive, 1),
  distill: distillationRule,
  clipNorm: option.positive,
  evaluateEvery: option.integer(0),
  flipEvery: option.integer(0),
  yieldEveryMs: option.number(0),
};

/** What stays undefined where it is not given. */
type Absent = 'test' | 'validation' | 'earlyStop' | 'clipNorm';

/** Options with their defaults, and what follows from them. */
export interface ResolvedOptions extends Required<
  Omit<
    TrainerOptions,
    | 'optimizer'
    | 'schedule'
    | 'augment'
    | 'labelSmoothing'
    | 'loss'
    | 'classWeights'
    | 'valueScale'
    | 'distill'
    | Absent
  >
> {
  readonly test: Examples | undefined;
  readonly validation: Examples | undefined;
  readonly earlyStop: EarlyStop | undefined;
  readonly augment: Augmentation | undefined;
  readonly clipNorm: number | undefined;
  readonly optimizer: StatefulOptimizer;
  readonly schedule: Required<LearningRateSchedule>;
  readonly loss: LossFunction;
  /** The loss without weights and smoothing, to evaluate by. */
  readonly plainLoss: LossFunction;
  readonly answers: Answers;
  readonly threshold: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The options that decide the result, as a checkpoint holds them. */
  readonly config: JsonObject;
}

const invalid = (what: string, got: unknown, expected: string, next: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'training', what, got, expected, next });

/** Floats from 0 to 1 that were put into bytes are all 0 or 1: with the usual normalization, the same picture for all. */
function checkInputs({ images, type }: Examples, normalize: Normalization | undefined): void {
  if (type === 'f32' && normalize !== undefined)
    throw invalid('option "normalize" of createTrainer, beside floats', normalize, 'none', 'Floats are taken as they are.'); // prettier-ignore
  if (type === 'f32') return;
  if (normalize === undefined && images.every((byte) => byte <= 1))
    throw invalid(
      'images of the split given to createTrainer (train)',
      'no byte above 1',
      'bytes from 0 to 255',
      'Floats from 0 to 1 become bytes by Math.round(255 * v). If 0 and 1 are meant, say so: normalize: { mean: [0.5], std: [0.5] }.',
    );
}

/** The loss to train by, and the one to evaluate by. */
function lossesOf(options: TrainerOptions, answers: Answers): Pick<ResolvedOptions, 'loss' | 'plainLoss'> {
  const { model, loss, labelSmoothing = 0, classWeights, valueScale } = options;
  const { kind, shape } = answers;
  const own: Record<string, unknown> = {
    labelSmoothing: labelSmoothing || undefined,
    classWeights,
    valueScale,
  };
  const takes = typeof loss === 'function' ? [] : kind === 'class' ? ['labelSmoothing', 'classWeights'] : kind === 'values' ? ['valueScale'] : []; // prettier-ignore
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && !takes.includes(name))
      throw invalid(
        `option "${name}" of createTrainer, beside a loss of your own or of ${kind}`,
        value,
        'a loss of this package that has it',
        'Do it in your loss, or leave it out.',
      );
  if (typeof loss === 'function') return { loss, plainLoss: loss };
  if (kind === 'class') expectLogits(model, shape.at(-1)!);
  const width = shape.at(-1)!;
  for (const [name, list] of Object.entries({ classWeights, valueScale }))
    if (list && list.length !== width)
      throw invalid(`option "${name}" of createTrainer`, list, `${width} numbers, one an output`, 'Give one for each.'); // prettier-ignore
  const { activated } = endingOf(model, answers);
  const name = loss ?? defaultLoss(kind);
  const plain = { scale: valueScale, activated };
  return {
    loss: lossNamed(name, kind, { ...plain, labelSmoothing, classWeights }),
    plainLoss: lossNamed(name, kind, plain),
  };
}

/** @throws BitgradError `invalid-option`, `shape-mismatch`, `unknown-name`, `incompatible`, `disposed` */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  checkOptions('training', 'createTrainer', options, rules);
  const { model, train, test, validation, epochs, augment, clipNorm } = options;
  const { earlyStop, keepBest = false } = options;
  const { batchSize = 64, seed = 0, normalize = symmetricNormalization } = options;
  expectModel('training', 'createTrainer', model);
  if (model.trainableWeights.length === 0)
    throw invalid('model given to createTrainer', 'no trainable weights', 'at least one', 'Set `trainable` of its layers to true.'); // prettier-ignore
  const answers = checkData('createTrainer (train)', model, train);
  const monitor = options.monitor ?? (answers.kind === 'values' ? 'loss' : 'accuracy');
  if (test !== undefined) checkData('createTrainer (test)', model, test);
  if (validation !== undefined) checkData('createTrainer (validation)', model, validation);
  checkSelection(options);
  checkInputs(train, options.normalize);
  if (train.type !== 'f32') normalizationTable(normalize, train.shape.at(-1)!);
  const { distill } = options;
  if (distill) checkDistillation(distill, train, answers, augment !== undefined);
  const losses = lossesOf(options, answers);
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
    ...losses,
    ...(distill && { loss: distilled(losses.loss, distill) }),
    answers,
    threshold: endingOf(model, answers).threshold,
    clipNorm,
    evaluateEvery: options.evaluateEvery ?? 1,
    flipEvery: options.flipEvery ?? 50,
    yieldEveryMs: options.yieldEveryMs ?? 40,
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * epochs,
  };
  return { ...resolved, config: configOf(resolved, options) };
}

/**
 * The options that decide the result, by a JSON round trip: what a checkpoint holds compares equal to what a new trainer
 * computes. What came later is left out where it is not used: the configuration is then that of older checkpoints.
 */
const configOf = (
  options: Omit<ResolvedOptions, 'config'>,
  { loss, labelSmoothing, classWeights, valueScale, distill }: TrainerOptions,
): JsonObject => {
  const { train, validation, optimizer, schedule, augment, clipNorm, earlyStop, keepBest, monitor } = options;
  const { epochs, batchSize, seed, learningRate, normalize, answers } = options;
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
      classes: answers.shape.at(-1),
      ...(answers.kind !== 'class' && { kind: answers.kind }),
      ...(train.labelShape?.length && { labelShape: train.labelShape }),
      ...(typeof loss === 'string' && loss !== defaultLoss(answers.kind) && { loss }),
      ...(labelSmoothing && { labelSmoothing }),
      ...(classWeights && { classWeights }),
      ...(valueScale && { valueScale }),
      ...(distill && {
        distill: {
          temperature: distill.temperature ?? 1,
          share: distill.share ?? 1,
          ...(distill.logits && { logits: checksumOf(distill.logits) }),
        },
      }),
      ...(clipNorm && { clipNorm }),
      ...(validation && { validationImages: validation.size, validationChecksum: splitChecksum(validation) }),
      ...(earlyStop && { earlyStop }),
      ...(keepBest && { keepBest }),
      ...((earlyStop ?? keepBest) && { monitor }),
    }),
  ) as JsonObject;
};
