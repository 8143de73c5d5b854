// bitgrad.json: what a folder's model is, how it was trained and how well it did. The compiler and `eval` read it.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  BitgradError,
  checkOptions,
  initialClock,
  option,
  parseOptions,
  reasonOf,
  storedSound,
  type JsonObject,
  type PictureSettings,
  type SoundSettings,
  type TrainingClock,
} from '@bitgrad/core';
import { normalizationRule, symmetricNormalization, type Normalization } from '@bitgrad/datasets';
import { expectModel, quantizedKernels } from '@bitgrad/layers';
import * as v from 'valibot';

const numbers = v.array(v.number());
const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

const schema = v.looseObject({
  version: v.literal(1),
  /** Options of `bitgrad train` that decide the result. */
  options: v.record(v.string(), v.any()),
  /** Names of the plugins given by --plugin; `eval` needs them again. */
  plugins: v.array(v.string()),
  classes: v.array(v.string()),
  inputShape: numbers,
  /** `f32` of data that are floats; absent of bytes. */
  inputType: v.optional(v.picklist(['u8', 'f32'])),
  /** Bytes of images to floats: (byte - mean) / std, by channel. */
  normalize: v.object({ mean: numbers, std: numbers }),
  /** How pictures were brought to the input shape; absent where none were. */
  picture: v.optional(
    v.object({
      fit: v.picklist(['cover', 'contain', 'stretch']),
      background: v.tuple([byte, byte, byte]),
      invert: v.boolean(),
    }),
  ),
  /** How recordings became bytes; absent where none did. */
  sound: v.optional(
    v.pipe(
      v.any(),
      v.rawTransform(({ dataset, addIssue, NEVER }): SoundSettings => {
        try {
          return storedSound(dataset.value, 'recipe');
        } catch (error) {
          addIssue({ message: reasonOf(error) });
          return NEVER;
        }
      }),
    ),
  ),
  /** Where training stands: the soft quantizers of the model are evaluated there. */
  clock: v.object({
    step: v.number(),
    epoch: v.number(),
    totalSteps: v.number(),
    totalEpochs: v.optional(v.number()),
    learningRate: v.number(),
    learningRateSum: v.number(),
  }),
  finished: v.boolean(),
  /** The result line of `bitgrad train --json`. */
  result: v.record(v.string(), v.any()),
});

/** The contents of bitgrad.json. */
export interface RunInfo {
  readonly version: 1;
  readonly options: JsonObject;
  readonly plugins: readonly string[];
  readonly classes: readonly string[];
  readonly inputShape: readonly number[];
  readonly inputType?: 'u8' | 'f32';
  readonly normalize: Normalization;
  readonly picture?: PictureSettings;
  readonly sound?: SoundSettings;
  readonly clock: TrainingClock;
  readonly finished: boolean;
  readonly result: JsonObject;
}

/** Name of the checkpoint in a run's folder. */
export const checkpointName = 'checkpoint';

/** Name of the description there. */
export const infoName = 'bitgrad.json';

/** The contents of bitgrad.json. */
export const infoContents = (info: RunInfo): string => `${JSON.stringify(info, null, 2)}\n`;

/**
 * The description in a file's bytes.
 * @param path its name, for messages
 * @throws BitgradError `invalid-file` when it is not what a run writes
 */
export function infoOf(path: string, bytes: Uint8Array): RunInfo {
  try {
    return parseOptions('recipe', path, schema, JSON.parse(new TextDecoder().decode(bytes))) as RunInfo;
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'recipe',
      what: `${path} is not a run of this version (${reasonOf(cause)})`,
      cause,
    });
  }
}

/** What is known of a model that was trained in code. */
export interface ModelAbout {
  /** Names of the classes; default their numbers. */
  readonly classes?: readonly string[];
  /** Default bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  readonly picture?: PictureSettings;
  /** How recordings became bytes: `sound` of the data set. */
  readonly sound?: SoundSettings;
  /** The data it was trained on, as `bitgrad eval` names it: `mnist:./data`; without it, `eval` needs --data. */
  readonly data?: string;
  /** Where its training stands; default the end, for which soft quantizers are at their levels. */
  readonly clock?: TrainingClock;
  /** Names of the plugins of its quantizers. */
  readonly plugins?: readonly string[];
}

/** The description of a model that was trained in code. @throws BitgradError `invalid-option`, `shape-mismatch` */
export function infoOfModel(model: LayersModel, about: ModelAbout = {}): RunInfo {
  expectModel('recipe', 'saveModel', model);
  const {
    classes,
    normalize = symmetricNormalization,
    picture,
    sound,
    data,
    clock,
    plugins = [],
  } = checkOptions('recipe', 'saveModel', about, {
    classes: option.list(option.string, 1),
    normalize: normalizationRule,
    picture: option.object,
    sound: option.object,
    data: option.string,
    clock: option.object,
    plugins: option.list(option.string),
  });
  const outputs = Number(model.outputs[0]!.shape.at(-1));
  if (classes && classes.length !== outputs)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'recipe',
      what: 'classes given to saveModel',
      got: classes.length,
      expected: `${outputs} names, one for each output of the model`,
    });
  return {
    version: 1,
    options: { model: model.name, seed: 0, ...(data !== undefined && { data }) },
    plugins,
    classes: classes ?? Array.from({ length: outputs }, (_, i) => String(i)),
    inputShape: model.inputs[0]!.shape.slice(1) as number[],
    normalize,
    ...(picture && { picture }),
    ...(sound && { sound }),
    clock: clock ?? { ...initialClock, step: 1, totalSteps: 1 },
    finished: true,
    result: { model: model.name, quantizer: quantizerNames(model), data: data ?? '?' },
  };
}

const quantizerNames = (model: LayersModel): string =>
  [...new Set(quantizedKernels(model).map(({ quantizer }) => quantizer.name))].join(', ') || 'none';
