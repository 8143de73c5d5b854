// Data sets from decoded pictures of any size, made by the pipeline that serves them too (`pictureBytes` of @bitgrad/bits).
// Decoding is not done here: browsers have a canvas for it, Node has `./node`.
import {
  checkOptions,
  checkPixels,
  explained,
  option,
  pictureBytes,
  pictureRules,
  pictureSettings,
  type OptionRules,
  type PictureOptions,
  type PictureSettings,
  type Pixels,
} from '@bitgrad/core';
import { createSplit, type Dataset, type ImageShape, type Split } from './dataset.js';
import { failure, integerOption } from './errors.js';

/** Decoded pixels, as in the `ImageData` of a canvas: uint8 [height, width, 4], red, green, blue, alpha. */
export type RgbaImage = Pixels;

/** The form that pictures are brought into. */
export interface ImageOptions extends PictureOptions {
  /** Side of the result, or its height and width; 1..4096, default 32. */
  readonly size?: number | readonly [height: number, width: number];
  /** 3 (default) for colour, 1 for grey (ITU-R BT.601 luma). */
  readonly channels?: 1 | 3;
}

/** A picture with the number of its class. */
export interface LabelledImage {
  readonly image: Pixels;
  readonly label: number;
}

/** Pictures larger than this on a side are not made. */
const largestSide = 4096;
const side = option.integer(1, largestSide);

const defaultForm = { size: 32, channels: 3 } as const;

/** Rules for {@link ImageOptions}, to be checked with the other options of a function. */
export const imageRules: OptionRules<ImageOptions> = {
  ...pictureRules,
  size: explained(
    option.of(
      `an integer from 1 to ${largestSide}, or [height, width] of such`,
      (v) => side.allows(v) || (Array.isArray(v) && v.length === 2 && v.every(side.allows)),
    ),
    'side of the pictures, or their height and width',
    defaultForm.size,
  ),
  channels: explained(option.oneOf(1, 3), '3 for colour, 1 for grey', defaultForm.channels),
};

/** {@link ImageOptions} in full. */
export interface ImageForm {
  readonly shape: ImageShape;
  readonly picture: PictureSettings;
}

/** The form that valid {@link ImageOptions} ask for. */
export function imageForm({
  size = defaultForm.size,
  channels = defaultForm.channels,
  fit,
  background,
  invert,
}: ImageOptions): ImageForm {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  return {
    shape: [height, width, channels],
    picture: pictureSettings({ fit, background, invert }, undefined, 'datasets'),
  };
}

/** Brings one picture to a form: uint8 [height, width, channels]. */
export const formImage = (image: Pixels, { shape, picture }: ImageForm): Uint8Array =>
  pictureBytes(image, shape, picture, { source: 'datasets' });

/**
 * Brings one picture to a size: over the background, cut or padded to the aspect ratio as `fit` says, then antialiased
 * resampling; the same bytes that `imageInput` of @bitgrad/runtime gives to a model.
 * @param image uint8 [height, width, 1 | 3 | 4], upright
 * @returns uint8 [height, width, channels]
 * @throws BitgradError `invalid-option`; `shape-mismatch` when the data does not fit width and height; `limit-exceeded`
 */
export function resizeImage(image: Pixels, options: ImageOptions = {}): Uint8Array {
  return formImage(image, imageForm(checkOptions('datasets', 'resizeImage', options, imageRules)));
}

/**
 * A split from decoded pictures.
 * @param items pictures of any size; labels 0..classCount-1
 * @throws BitgradError as {@link resizeImage}; `invalid-option` for a label out of range
 */
export function splitFromImages(
  items: readonly LabelledImage[],
  classCount: number,
  options: ImageOptions = {},
): Split {
  const form = imageForm(checkOptions('datasets', 'splitFromImages', options, imageRules));
  return formSplit(items, integerOption('number of classes', classCount, 1, 65_536), form);
}

const formSplit = (items: readonly LabelledImage[], classCount: number, form: ImageForm): Split => {
  if (!Array.isArray(items))
    throw failure('invalid-option', { what: 'pictures', got: items, expected: 'a list of { image, label }' });
  const pixels = form.shape[0] * form.shape[1] * form.shape[2];
  const images = new Uint8Array(items.length * pixels);
  const labels = classCount > 256 ? new Uint16Array(items.length) : new Uint8Array(items.length);
  items.forEach((item: Partial<LabelledImage> | undefined, i) => {
    labels[i] = integerOption(`label of image ${i}`, item?.label ?? NaN, 0, classCount - 1);
    checkPixels(item!.image!, 'datasets');
    images.set(formImage(item!.image!, form), i * pixels);
  });
  return createSplit(images, labels, form.shape);
};

/**
 * A data set from decoded pictures, for instance from a canvas. `picture` of the result goes into the packed file
 * (`metadata.picture`), so that what is served is made as it was for training.
 * @throws BitgradError as {@link splitFromImages}
 */
export function datasetFromImages(
  name: string,
  classes: readonly string[],
  items: { readonly train: readonly LabelledImage[]; readonly test: readonly LabelledImage[] },
  options: ImageOptions = {},
): Dataset {
  const form = imageForm(checkOptions('datasets', 'datasetFromImages', options, imageRules));
  if (!Array.isArray(classes))
    throw failure('invalid-option', { what: 'classes', got: classes, expected: 'a list of names' });
  const { shape, picture } = form;
  const count = integerOption('number of classes', classes.length, 1, 65_536);
  const [train, test] = [formSplit(items?.train, count, form), formSplit(items?.test, count, form)];
  return Object.freeze({ name, classes, shape, train, test, picture });
}
