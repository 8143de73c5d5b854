// The data of a run: which, how many, in what form, and how they are varied.
import {
  BitgradError,
  checkValue,
  option,
  pictureRules,
  type PictureOptions,
  type SoundOptions,
} from '@bitgrad/core';
import {
  cropModes,
  datasetTakes,
  holdOut,
  loadDataset,
  type Augmentation,
  type CommonLoadOptions,
  type CropMode,
  type Dataset,
  type Examples,
  type TableOptions,
} from '@bitgrad/datasets';
import * as v from 'valibot';
import { described, kinds, same } from './option.js';

const text =
  "digits (drawn, needs no files), mnist:DIR, cifar10:DIR, cifar100:DIR, folder:DIR, audio:DIR, csv:FILE or a plugin's";
/** Nothing where it is not given: identities of before there was such an option have none. */
const given = (value: unknown): unknown => value;
const orNull = (value: unknown): unknown => value ?? null;

/** What `data` takes, in words. */
export const dataText = text;

/** The kind of a data set that is named as KIND or KIND:FOLDER. */
export const dataKind = (data: string): string => data.split(':', 1)[0]!;

const augmentText =
  'shift:PIXELS, crop:PIXELS[:zero or :middle], flip, cutout:PIXELS, erase[:SHARE], mixup:ALPHA, same-on-batch';

/** How pictures are brought to a shape, for the data of a run and for a picture that a packed model is given. */
export const pictureEntries = (which: string, [fit, background]: readonly [string, string]) => ({
  fit: v.optional(
    described(v.picklist(['cover', 'contain', 'stretch']), `${which}: cut off, show all of, or distort what is not square`, { value: '<how>', shown: fit, resume: same }), // prettier-ignore
  ),
  background: v.optional(
    described(
      v.custom<PictureOptions['background']>(
        (value) => value !== undefined && pictureRules.background.allows(value),
        'R,G,B, each 0 to 255, or one such number for grey',
      ),
      `${which}: what is behind and beside them, R,G,B or one byte`,
      {
        value: '<colour>',
        shown: background,
        resume: same,
        read: (text) => (text.includes(',') ? text.split(',').map(Number) : Number(text)),
      },
    ),
  ),
});

/** How a table becomes examples. */
export const tableEntries = {
  target: v.optional(
    described(kinds.text, 'csv: the column that is predicted, or several with commas', { value: '<columns>', resume: given }), // prettier-ignore
  ),
  targetKind: v.optional(
    described(v.picklist(['class', 'labels', 'values']), 'csv: what it is', { value: '<kind>', shown: '`values` of numbers, else `class`', resume: given }), // prettier-ignore
  ),
  weight: v.optional(
    described(kinds.text, 'csv: a column that says how much each row counts', { value: '<column>', resume: given }), // prettier-ignore
  ),
  window: v.optional(
    described(kinds.integer(1), 'csv: so many rows are one example, whose labels are those of the last', { value: '<rows>', shown: '1', resume: given }), // prettier-ignore
  ),
  windowStep: v.optional(
    described(kinds.integer(1), 'csv: rows from one window to the next', { value: '<rows>', shown: 'the window', resume: given }), // prettier-ignore
  ),
};

/** How recordings become examples. */
export const soundEntries = {
  sound: v.optional(
    described(kinds.json, 'audio: how recordings become bytes, such as \'{"frames":64,"bands":40}\'', { value: '<json>', resume: given }), // prettier-ignore
  ),
  copies: v.optional(
    described(kinds.integer(1), 'audio: examples of each recording for training, all but one varied in speed, gain, noise and place', { value: '<n>', shown: '1', resume: given }), // prettier-ignore
  ),
  noises: v.optional(
    described(kinds.integer(1), 'audio: so many synthesized examples of nobody speaking, as a class _background_', { value: '<n>', shown: 'none', resume: given }), // prettier-ignore
  ),
  testSpeaker: v.optional(
    described(kinds.text, 'audio: who is for testing alone, of files named {label}_{speaker}_{index}.wav', { value: '<name>', resume: given }), // prettier-ignore
  ),
};

/** Where the data lie is nothing that must stay the same: the trainer compares what they are. */
export const dataEntries = {
  data: v.optional(
    described(kinds.text, text, { value: '<spec>', resume: dataKind, names: 'dataset' }),
    'digits',
  ),
  limit: v.optional(
    described(kinds.integer(1), 'use at most so many training images', { value: '<n>', resume: orNull }),
  ),
  testLimit: v.optional(
    described(kinds.integer(1), 'use at most so many test images', { value: '<n>', resume: orNull }),
  ),
  validation: v.optional(
    described(kinds.fraction, 'part of the training images that is held out to choose the epoch by, such as 0.1', { value: '<x>', shown: "the data's own, if there is one", resume: (part) => part || undefined }), // prettier-ignore
  ),
  imageSize: v.optional(
    described(kinds.integer(1), 'folders: side that pictures are brought to', { value: '<n>', shown: '32', resume: same }), // prettier-ignore
  ),
  grey: v.optional(
    described(v.boolean(), 'folders: pictures in grey', { resume: (grey) => grey || undefined }),
  ),
  ...pictureEntries('folders', ['`cover`', 'white']),
  invert: v.optional(
    described(v.boolean(), 'folders: pictures are dark on light, and are to be light on dark', { resume: (invert) => invert || undefined }), // prettier-ignore
  ),
  ...soundEntries,
  ...tableEntries,
  augment: v.optional(
    described(kinds.text, `none, or some of ${augmentText}, with commas`, { value: '<list>' }), // prettier-ignore
    'none',
  ),
};

/** The options that decide a data set. */
export interface DataOptions {
  /** A name, or a name and a folder: `digits`, `mnist:DIR`. */
  readonly data: string;
  /** At most this many training images. */
  readonly limit?: number;
  /** At most this many test images. */
  readonly testLimit?: number;
  /** Part of the training images that is held out for validation. */
  readonly validation?: number;
  /** Decides which images a limit takes, which are held out, and what `digits` draws. */
  readonly seed: number;
  /** Folders: the shape that pictures are brought to, and how. */
  readonly shape?: { readonly size?: readonly [number, number]; readonly channels?: 1 | 3 };
  readonly picture?: PictureOptions;
  /** Recordings: how they become bytes, and which are for testing. */
  readonly audio?: {
    readonly sound?: SoundOptions;
    readonly copies?: number;
    readonly noises?: number;
    readonly testSpeaker?: string;
  };
  /** Tables: what is predicted, and from what. */
  readonly table?: TableOptions;
  /** Class names of a model: labels are matched by name. */
  readonly classes?: readonly string[];
}

const everyMs = 1000;

/**
 * Reads a data set; what takes long, and what was decided or left out, is said in words.
 * @throws BitgradError `invalid-option`, `io`, `invalid-file`, `truncated-file`, `incompatible`
 */
export async function openData(
  options: DataOptions,
  note: (text: string) => void = () => {},
): Promise<Dataset<Examples>> {
  checkValue('recipe', 'options of openData', options, option.required(option.object));
  checkValue('recipe', 'note of openData', note, option.callback);
  const { data, limit, testLimit, validation, seed, shape, picture, audio, table, classes } = options;
  // What a data set does not take is for others: the options of pictures, when digits are drawn.
  const form = Object.entries({ ...shape, ...picture, ...audio, ...table }).filter(
    ([name, value]) => value !== undefined && datasetTakes(data, name),
  );
  let said = performance.now();
  const load: CommonLoadOptions = {
    limit,
    testLimit,
    seed,
    ...Object.fromEntries(form),
    classes,
    onProgress({ done, total }) {
      if (performance.now() - said < everyMs || done === total) return;
      said = performance.now();
      note(`reading files: ${done} of ${total}`);
    },
  };
  const dataset = await loadDataset<CommonLoadOptions, Examples>(data, load);
  for (const each of dataset.notes ?? []) note(`${data}: ${each}`);
  return validation === undefined ? dataset : withValidation(dataset, validation, seed);
}

/** A data set of which a part is held out for validation. @throws BitgradError `invalid-option` where it has its own */
export function withValidation(
  dataset: Dataset<Examples>,
  validation: number,
  seed: number,
): Dataset<Examples> {
  if (dataset.validation)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: '--validation of data that have a validation split of their own',
      got: validation,
      next: 'Leave it out: the own split is used.',
    });
  const { rest, held } = holdOut(dataset.train, validation, { seed });
  return Object.freeze({ ...dataset, train: rest, validation: held });
}

const among = (entries: object, owner: string, options: object): object => {
  checkValue('recipe', `options of ${owner}`, options, option.required(option.object));
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in entries && value !== undefined),
  );
};

/** The options of recordings among others. */
export const soundOf = (options: NonNullable<DataOptions['audio']>): NonNullable<DataOptions['audio']> =>
  among(soundEntries, 'soundOf', options);

/** The options of a table among others. */
export const tableOf = (options: TableOptions): TableOptions => among(tableEntries, 'tableOf', options);

/** The data of a recipe. */
export const recipeData = (
  recipe: v.InferOutput<v.StrictObjectSchema<typeof dataEntries, undefined>> & { readonly seed: number },
): DataOptions => ({
  ...recipe,
  shape: {
    ...(recipe.imageSize && { size: [recipe.imageSize, recipe.imageSize] as const }),
    ...(recipe.grey && { channels: 1 }),
  },
  audio: soundOf(recipe),
  table: tableOf(recipe),
  picture: { fit: recipe.fit, background: recipe.background, invert: recipe.invert },
});

/** What a part of the text says, by its name; `amount` is NaN where none is given, `how` the word after it. */
const augmentParts: Readonly<Record<string, (amount: number, how?: string) => Augmentation | undefined>> = {
  shift: (pixels) => (isCount(pixels) ? { shift: pixels } : undefined),
  crop: (pixels, mode) =>
    isCount(pixels) && (mode === undefined || isCropMode(mode))
      ? { crop: { padding: pixels, ...(mode && { mode }) } }
      : undefined,
  flip: (none) => (Number.isNaN(none) ? { flip: true } : undefined),
  cutout: (pixels) => (isCount(pixels) ? { cutout: pixels } : undefined),
  erase: (share) =>
    Number.isNaN(share)
      ? { erase: {} }
      : share > 0 && share <= 1
        ? { erase: { probability: share } }
        : undefined,
  mixup: (alpha) => (alpha > 0 && alpha < Infinity ? { mixup: alpha } : undefined),
  'same-on-batch': (none) => (Number.isNaN(none) ? { sameOnBatch: true } : undefined),
};

const isCropMode = (how: string): how is CropMode => (cropModes as readonly string[]).includes(how);

const isCount = (pixels: number): boolean => Number.isSafeInteger(pixels) && pixels > 0;

/**
 * Augmentation from text: `none`, or a list such as `shift:2,flip` or `crop:4,flip,cutout:8`.
 * @throws BitgradError `invalid-option`
 */
export function parseAugment(text: string): Augmentation | undefined {
  checkValue('recipe', '--augment', text, option.required(option.string));
  if (text === 'none') return undefined;
  const refuse = (expected: string): never => {
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: '--augment',
      got: text,
      expected,
    });
  };
  const parts = text.split(',').map((part) => {
    const [name, ...words] = part.split(':');
    const [amount, how] = words;
    const read = Object.hasOwn(augmentParts, name!) ? augmentParts[name!] : undefined;
    // No more words than it has parameters for.
    const given =
      read && words.length <= read.length && amount?.trim() !== ''
        ? read(amount === undefined ? Number.NaN : Number(amount), how)
        : undefined;
    // Text that is no number reads as one that is left out.
    if (!given || (amount !== undefined && Number.isNaN(Number(amount))))
      return refuse(`none, or some of ${augmentText}, separated by commas`);
    return given;
  });
  const names = parts.flatMap((part) => Object.keys(part));
  if (new Set(names).size < names.length) refuse('each of them at most once');
  return Object.assign({}, ...parts) as Augmentation;
}
