// A run, described: one schema, made of entries that stand beside what they describe. The command's flags, what must be
// equal to resume, configs of comparisons and the tables of READMEs come from it.
import { BitgradError, checkValue, parseOptions, registryWith, type JsonObject } from '@bitgrad/core';
import { datasetTakes, parseDataSpec, type Dataset, type Examples } from '@bitgrad/datasets';
import { createModel, modelsPlugin } from '@bitgrad/models';
import {
  baseRateOf,
  createTrainer,
  lossNames,
  resolveSchedule,
  scheduleKinds,
  type LearningRateSchedule,
  type OptimizerConfig,
  type Trainer,
  type TrainerOptions,
} from '@bitgrad/training';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { dataEntries, dataKind, parseAugment, tableEntries } from './data.js';
import { described, flagOf, kinds, optionsOf, optionsRule, same, type Entries } from './option.js';
import { quantizerEntries, type ChosenQuantizers } from './quantizers.js';
import { inputMoments, parseClassWeights, valueMoments, withEnd } from './task.js';

const modelEntries = {
  model: v.optional(
    described(kinds.text, 'architecture; see `bitgrad list`', {
      value: '<name>',
      resume: same,
      names: 'model',
    }),
    'cnn',
  ),
  modelOptions: v.optional(
    described(kinds.json, 'options of the architecture, such as \'{"width":2}\'', { value: '<json>', resume: (given) => given ?? {} }), // prettier-ignore
  ),
};

const trainingEntries = {
  epochs: v.optional(
    described(kinds.integer(1), 'passes over the training images; a resumed run may have more than it had', { value: '<n>' }), // prettier-ignore
    3,
  ),
  batch: v.optional(described(kinds.integer(1), 'images a step', { value: '<n>' }), 64),
  lr: v.optional(
    described(kinds.positive, 'learning rate', { value: '<x>', shown: 'adam, adamw and bop 0.001, sgd 0.1' }),
  ),
  lrSchedule: v.optional(
    described(v.picklist(scheduleKinds), 'how the learning rate falls', { value: '<name>' }), // prettier-ignore
    'cosine',
  ),
  lrScheduleOptions: v.optional(
    described(kinds.json, 'options of it, such as \'{"per":"epoch","warmupEpochs":5}\': per, warmupEpochs, power, final, factor, milestones', { value: '<json>' }), // prettier-ignore
  ),
  warmup: v.optional(
    described(kinds.integer(0), 'steps over which the learning rate rises first', { value: '<steps>' }),
    0,
  ),
  optimizer: v.optional(
    described(kinds.text, "adam, adamw, sgd, bop (flips binary kernels, with adam for the rest) or a plugin's", { value: '<name>', names: 'optimizer' }), // prettier-ignore
    'adam',
  ),
  optimizerOptions: v.optional(
    described(kinds.json, 'options of the optimizer, such as \'{"momentum":0.95}\'', { value: '<json>' }),
  ),
  weightDecay: v.optional(
    described(kinds.amount, 'share of each weight taken away in a step, times the learning rate: of adamw and sgd', { value: '<x>', shown: 'adamw 0.01, sgd 0' }), // prettier-ignore
  ),
  labelSmoothing: v.optional(
    described(kinds.part, 'share of a label that is spread evenly over the classes', { value: '<x>' }),
    0,
  ),
  loss: v.optional(
    described(v.picklist(lossNames), 'what is made small', { value: '<name>', shown: 'that of the labels' }),
  ),
  classWeights: v.optional(
    described(kinds.text, 'balanced, or a number for each class with commas: how much it counts', { value: '<list>', shown: 'alike' }), // prettier-ignore
  ),
  clipNorm: v.optional(
    described(kinds.positive, 'gradients of a larger norm over all weights are scaled down to it', { value: '<x>', shown: 'not' }), // prettier-ignore
  ),
};

/** The schedule of a recipe. */
const scheduleOf = ({ lrSchedule, lrScheduleOptions, warmup }: Recipe): LearningRateSchedule => ({
  ...lrScheduleOptions,
  kind: lrSchedule,
  warmupSteps: warmup,
});

const stageEntries = {
  recipe: v.optional(
    described(kinds.text, 'stages, such as two-stage; see `bitgrad list`', { value: '<name>', shown: 'one stage', names: 'recipe', resume: (name) => name }), // prettier-ignore
  ),
};

/** What counts of a teacher, where there is one. */
const distillationEntries = {
  temperature: v.optional(
    described(kinds.positive, 'with a teacher: what logits are divided by before the softmax', { value: '<x>', shown: '1', resume: (t) => t }), // prettier-ignore
  ),
  teacherShare: v.optional(
    described(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), 'with a teacher: how much it counts, to 1; the rest is the loss of the labels', { value: '<x>', shown: '1', resume: (share) => share }), // prettier-ignore
  ),
};

const fineTuningEntries = {
  freeze: v.optional(
    described(kinds.text, 'layers that do not train, with commas; * stands for anything, such as conv1,bn*', { value: '<layers>', resume: (layers) => layers }), // prettier-ignore
  ),
};

/** Which epoch's weights are saved, and whether the run ends before its last one. */
const selectionEntries = {
  earlyStop: v.optional(
    described(kinds.integer(1), 'end after so many epochs in which the validation images are answered no better', { value: '<epochs>', shown: 'not' }), // prettier-ignore
  ),
  earlyStopDelta: v.optional(
    described(kinds.amount, 'by how much better counts as better', { value: '<x>', shown: '0' }),
  ),
  keepBest: v.optional(
    described(v.boolean(), 'save the weights of the epoch that is best on the validation images', { resume: (best) => best || undefined }), // prettier-ignore
  ),
  monitor: v.optional(
    described(v.picklist(['accuracy', 'loss']), 'what is better on the validation images', { value: '<name>', shown: '`accuracy`' }), // prettier-ignore
  ),
};

/** The optimizer that a recipe names, as data. */
const optimizerOf = ({ optimizer, optimizerOptions, weightDecay }: Recipe): OptimizerConfig => ({
  ...optimizerOptions,
  ...(weightDecay !== undefined && { weightDecay }),
  name: optimizer,
});

/** The options of a run, by name: those of `bitgrad train` that decide its result. */
export const recipeEntries = {
  ...modelEntries,
  ...quantizerEntries,
  backend: v.optional(
    described(kinds.text, 'where it runs; auto takes the first that works', { value: '<name>' }),
    'auto',
  ),
  ...dataEntries,
  ...trainingEntries,
  ...selectionEntries,
  ...fineTuningEntries,
  ...distillationEntries,
  ...stageEntries,
  seed: v.optional(
    described(kinds.anyInteger, 'decides initial weights, order, augmentation and drawn data', { value: '<n>', resume: same }), // prettier-ignore
    1,
  ),
};

/** The schema of a run. */
export const recipeSchema = v.strictObject(recipeEntries);

/** A run, described by plain JSON; what is not given has its default. */
export type RecipeInput = Readonly<v.InferInput<typeof recipeSchema>>;
/** A run, described in full. */
export type Recipe = Readonly<v.InferOutput<typeof recipeSchema>>;

/**
 * A recipe with its defaults.
 * @throws BitgradError `invalid-option` that names the option, its value and what is allowed
 */
export const resolveRecipe = (recipe: RecipeInput): Recipe => {
  checkValue('recipe', 'recipe', recipe, optionsRule);
  return parseOptions('recipe', 'the recipe', recipeSchema, recipe);
};

const refuse = (what: string, got: unknown, next: string): never => {
  throw new BitgradError({ code: 'invalid-option', source: 'recipe', what, got, next });
};

/** JSON options that have an option of the command of their own: one of the two would be ignored. */
function refuseTwice(
  option: string,
  given: JsonObject | undefined,
  own: Readonly<Record<string, string>>,
): void {
  for (const [key, instead] of Object.entries(own))
    if (given && Object.hasOwn(given, key))
      refuse(`"${key}" in ${option}`, given[key], `${instead} decides it.`);
}

/** @throws BitgradError `invalid-option` for options that would be ignored, `unknown-name` */
export function checkRecipe(options: Recipe, quantizers: ChosenQuantizers, ownData = false): void {
  // Names are looked up, and options checked, before data are read; models are made of them.
  if (!ownData) parseDataSpec(options.data);
  registryWith(modelsPlugin).definition('model', options.model);
  refuseTwice('--optimizer-options', options.optimizerOptions, {
    name: '--optimizer',
    ...(options.weightDecay !== undefined && { weightDecay: '--weight-decay' }),
  });
  baseRateOf(optimizerOf(options));
  refuseTwice('--lr-schedule-options', options.lrScheduleOptions, {
    kind: '--lr-schedule',
    warmupSteps: '--warmup',
  });
  resolveSchedule(scheduleOf(options));
  const { earlyStop, earlyStopDelta } = options;
  if (earlyStopDelta !== undefined && earlyStop === undefined)
    refuse('--early-stop-delta', earlyStopDelta, 'It is for --early-stop EPOCHS.');
  refuseTwice('--model-options', options.modelOptions, {
    inputShape: 'The data',
    classes: 'The data',
    kernelQuantizer: '--quantizer',
    inputQuantizer: '--input-quantizer',
    seed: '--seed',
  });
  if (quantizers.kernel === null && options.quantizerOptions)
    refuse(
      '--quantizer-options',
      options.quantizerOptions,
      'The kernels are float: --quantizer none has no options.',
    );
  if (quantizers.input === null && options.inputQuantizerOptions)
    refuse(
      '--input-quantizer-options',
      options.inputQuantizerOptions,
      'The inputs are float: none has no options.',
    );
  const pictures = [
    ['--image-size', 'size', options.imageSize],
    ['--grey', 'channels', options.grey],
    ['--fit', 'fit', options.fit],
    ['--background', 'background', options.background],
    ['--invert', 'invert', options.invert],
  ] as const;
  for (const name of Object.keys(tableEntries) as (keyof typeof tableEntries)[])
    if (!ownData && options[name] !== undefined && !datasetTakes(options.data, name))
      refuse(flagOf(name), options[name], `It is for --data csv:FILE, not for ${options.data}.`);
  for (const [name, own, value] of pictures)
    if (!ownData && value !== undefined && value !== false && !datasetTakes(options.data, own))
      refuse(name, value, `It is for --data folder:DIR; the images of ${options.data} have one shape.`);
}

/** What decides the result of a run: a resumed one must say the same. */
export function identityOf(
  recipe: Recipe,
  quantizers: Pick<ChosenQuantizers, 'identity'>,
  backend: string,
  entries: Entries = recipeEntries,
): JsonObject {
  const given = optionsOf(entries).flatMap(({ name, resume }) =>
    resume ? [[name, resume(recipe[name as keyof Recipe] as never)]] : [],
  );
  return JSON.parse(
    JSON.stringify({ ...Object.fromEntries(given), ...quantizers.identity, backend }),
  ) as JsonObject;
}

/** The identity in a checkpoint; that of an earlier version has the path of the data, and no classes. */
export function savedIdentity(saved: JsonObject, present: JsonObject): JsonObject {
  const { data, classes = present.classes!, ...rest } = saved;
  return { ...rest, data: typeof data === 'string' ? dataKind(data) : data!, classes };
}

/** The model of a recipe, for a data set. @throws BitgradError as `createModel` */
export function buildModel(
  { model, modelOptions, seed }: Recipe,
  { shape, classes, train }: Pick<Dataset<Examples>, 'shape' | 'classes' | 'train'>,
  { kernel, input }: Pick<ChosenQuantizers, 'kernel' | 'input'>,
): LayersModel {
  const standardize = inputMoments(train);
  const built = createModel(model, {
    // The sign of a number says little of it.
    ...(standardize && { standardize, firstInputQuantizer: null }),
    ...modelOptions,
    inputShape: shape,
    classes: classes.length,
    kernelQuantizer: kernel,
    inputQuantizer: input,
    seed,
  });
  return withEnd(built, train);
}

/** The trainer of a recipe. @throws BitgradError as `createTrainer` */
export const buildTrainer = (
  recipe: Recipe,
  model: LayersModel,
  { train, test, validation, classes }: Dataset<Examples>,
  more: Partial<TrainerOptions> = {},
): Trainer =>
  createTrainer({
    model,
    train,
    test: test.size > 0 ? test : undefined,
    validation,
    earlyStop: recipe.earlyStop === undefined ? undefined : { patience: recipe.earlyStop, minDelta: recipe.earlyStopDelta }, // prettier-ignore
    keepBest: recipe.keepBest,
    monitor: recipe.monitor,
    epochs: recipe.epochs,
    batchSize: recipe.batch,
    seed: recipe.seed,
    optimizer: optimizerOf(recipe),
    learningRate: recipe.lr,
    schedule: scheduleOf(recipe),
    augment: parseAugment(recipe.augment),
    loss: recipe.loss,
    labelSmoothing: recipe.labelSmoothing || undefined,
    classWeights: recipe.classWeights === undefined ? undefined : parseClassWeights(recipe.classWeights, train, classes.length), // prettier-ignore
    valueScale: valueMoments(train)?.std,
    clipNorm: recipe.clipNorm,
    ...more,
  });
