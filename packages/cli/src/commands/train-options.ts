// What `bitgrad train` refuses before it reads data, and what a resumed run must have in common with the first.
import { BitgradError, type JsonObject } from '@bitgrad/core';
import { datasetTakes, parseDataSpec } from '@bitgrad/datasets';
import { baseRateOf } from '@bitgrad/training';
import { absoluteData, dataKind } from '../data.js';
import type { ChosenQuantizers } from '../quantizer-spec.js';
import type { TrainOptions } from './train.js';

const refuse = (what: string, got: unknown, next: string): never => {
  throw new BitgradError({ code: 'invalid-option', source: 'cli', what, got, next });
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

/** @throws BitgradError `invalid-option` for options that would be ignored */
export function checkTrainOptions(options: TrainOptions, quantizers: ChosenQuantizers): void {
  if (options.resume && options.overwrite)
    refuse(
      '--resume and --overwrite',
      'both',
      'Give --resume to go on with the run, --overwrite to replace it.',
    );
  // Names are looked up, and options checked, before data are read; models are made of them.
  parseDataSpec(options.data);
  refuseTwice('--optimizer-options', options.optimizerOptions, { name: '--optimizer' });
  baseRateOf({ ...options.optimizerOptions, name: options.optimizer });
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
  for (const [name, own, value] of pictures)
    if (value !== undefined && value !== false && !datasetTakes(options.data, own))
      refuse(name, value, `It is for --data folder:DIR; the images of ${options.data} have one shape.`);
}

/**
 * What decides the result of a run: a resumed one must say the same. Where the data lie is no part of it: the trainer
 * compares what they are.
 */
export const identityOf = (
  options: TrainOptions,
  quantizers: ChosenQuantizers,
  backend: string,
): JsonObject =>
  JSON.parse(
    JSON.stringify({
      model: options.model,
      modelOptions: options.modelOptions ?? {},
      kernelQuantizer: quantizers.kernelName,
      kernelQuantizerOptions: options.quantizerOptions ?? {},
      inputQuantizer: quantizers.inputName,
      inputQuantizerOptions: options.inputQuantizerOptions ?? {},
      data: dataKind(options.data),
      limit: options.limit ?? null,
      testLimit: options.testLimit ?? null,
      imageSize: options.imageSize,
      grey: options.grey || undefined,
      fit: options.fit,
      background: options.background,
      invert: options.invert || undefined,
      seed: options.seed,
      backend,
    }),
  ) as JsonObject;

/** The identity in a checkpoint; that of an earlier version has the path of the data, and no classes. */
export function savedIdentity(saved: JsonObject, present: JsonObject): JsonObject {
  const { data, classes = present.classes!, ...rest } = saved;
  return { ...rest, data: typeof data === 'string' ? dataKind(data) : data!, classes };
}

/** The options that bitgrad.json keeps: the data with their path, so that `eval` finds them from anywhere. */
export const keptOptions = (identity: JsonObject, { data }: TrainOptions, directory: string): JsonObject => {
  const { classes: _, ...rest } = identity;
  return { ...rest, data: absoluteData(data, directory) };
};
