// From a trained model to the one file that is deployed.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { compileModel, type CompileOptions, type CompileResult } from '@bitgrad/compiler';
import {
  checkOptions,
  option,
  outputKinds,
  type OutputKind,
  type PictureSettings,
  type SoundSettings,
} from '@bitgrad/core';
import {
  checkSplit,
  normalizationRule,
  symmetricNormalization,
  type Dataset,
  type Examples,
  type Normalization,
} from '@bitgrad/datasets';
import { expectModel } from '@bitgrad/layers';

/** What the file says of the model. */
export interface PackedAbout {
  readonly name?: string;
  readonly classes?: readonly string[];
  /** How training read bytes; default to [-1, 1]. */
  readonly normalize?: Normalization;
  /** How pictures were made. */
  readonly picture?: PictureSettings;
  /** How recordings became bytes. */
  readonly sound?: SoundSettings;
  readonly extra?: Readonly<Record<string, string>>;
  /** What the model takes: bytes (default), or floats as they are. */
  readonly type?: 'u8' | 'f32';
  /** What its outputs are; default as its graph ends. */
  readonly output?: OutputKind;
}

/** What the file says of a model that was trained on a data set. Names of columns of values are no classes. */
export const aboutOf = ({ classes, train }: Pick<Dataset<Examples>, 'classes' | 'train'>): PackedAbout => ({
  ...(train.kind === 'values' ? { output: 'regression' } : { classes }),
  ...(train.type && { type: train.type }),
});

/** Options of {@link packModel}. */
export interface PackOptions extends Pick<
  CompileOptions,
  'firstLayer' | 'lastLayer' | 'engine' | 'minAgreement'
> {
  /** Images on which the file is compared with the model: at most the first so many; default 1000. */
  readonly limit?: number;
}

const aboutRules = {
  name: option.string,
  classes: option.list(option.string, 1),
  normalize: normalizationRule,
  picture: option.object,
  sound: option.object,
  extra: option.object,
  type: option.oneOf('u8', 'f32'),
  output: option.oneOf(...outputKinds),
};
// compileModel looks into the others.
const packRules = {
  limit: option.integer(1),
  firstLayer: option.any,
  lastLayer: option.any,
  engine: option.any,
  minAgreement: option.any,
};

/**
 * Compiles a model that takes bytes, or floats, and compares it with the graph on images.
 * @param images without any, random ones are compared
 * @throws BitgradError as `compileModel`: `verification-failed` when the file answers otherwise
 */
export function packModel(
  model: LayersModel,
  images?: Examples,
  about: PackedAbout = {},
  options: PackOptions = {},
): Promise<CompileResult> {
  expectModel('recipe', 'packModel', model);
  if (images !== undefined) checkSplit('packModel', images);
  checkOptions<PackedAbout>('recipe', 'packModel (about)', about, aboutRules);
  const { limit = 1000, ...rest } = checkOptions<PackOptions>('recipe', 'packModel', options, packRules);
  const { normalize = symmetricNormalization, name = model.name, type = 'u8', output, ...more } = about;
  const count = Math.min(limit, images?.size ?? 0);
  const compared = images && count > 0 ? images : undefined;
  const ofClass = (compared?.kind ?? 'class') === 'class';
  const { output: _, ...metadata } = JSON.parse(JSON.stringify({ ...more, output })) as Record<
    string,
    unknown
  >;
  return compileModel(model, {
    ...rest,
    input: type,
    ...(type === 'u8' && { normalization: normalize }),
    ...(output && { output }),
    metadata: { name, ...metadata },
    samples: compared?.images.subarray(0, (count * compared.images.length) / compared.size),
    labels: ofClass
      ? compared?.labels.subarray(0, (count * compared.labels.length) / compared.size)
      : undefined,
  });
}
