// Data sets from decoded pictures of any size: composite over white, resample to one size, grey or colour.
// Decoding is not done here: browsers have a canvas for it, Node has `./node`.
import { createSplit, type Dataset, type ImageShape, type Split } from './dataset.js';
import { failure, integerOption } from './errors.js';

/** Decoded pixels, as in the `ImageData` of a canvas: uint8 [height, width, 4], red, green, blue, alpha. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The form that pictures are brought into. */
export interface ImageOptions {
  /** Side of the result, or its height and width; default 32. */
  readonly size?: number | readonly [height: number, width: number];
  /** `cover` (default) cuts off what exceeds the aspect ratio, equally on both sides; `stretch` distorts. */
  readonly fit?: 'cover' | 'stretch';
  /** 3 (default) for colour, 1 for grey (ITU-R BT.601 luma). */
  readonly channels?: 1 | 3;
}

/** A picture with the number of its class. */
export interface LabelledImage {
  readonly image: RgbaImage;
  readonly label: number;
}

/** Pictures larger than this on a side are refused. */
const largestSide = 4096;

/** The shape that {@link ImageOptions} ask for; throws `invalid-option`. */
export function imageShape({ size = 32, fit = 'cover', channels = 3 }: ImageOptions): ImageShape {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  integerOption('size', height, 1, largestSide);
  integerOption('size', width, 1, largestSide);
  if (fit !== 'cover' && fit !== 'stretch')
    throw failure('invalid-option', 'fit', { got: fit, expected: 'cover or stretch' });
  if (channels !== 1 && channels !== 3)
    throw failure('invalid-option', 'channels', { got: channels, expected: '1 or 3' });
  return [height, width, channels];
}

/** For each output position, the input positions it averages, with weights that sum to 1. */
interface Filter {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * A triangle filter (bilinear), widened by the scale when shrinking, so that every input pixel counts.
 * Maps `length` output pixels onto the interval [from, from + extent) of an input of `side` pixels.
 */
const filters = (length: number, from: number, extent: number, side: number): Filter[] => {
  const scale = extent / length;
  const radius = Math.max(1, scale);
  return Array.from({ length }, (_, i) => {
    const centre = from + (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - radius));
    const last = Math.min(side - 1, Math.ceil(centre + radius) - 1);
    const weights: number[] = [];
    for (let p = first; p <= last; p++) weights.push(Math.max(0, 1 - Math.abs(p + 0.5 - centre) / radius));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
};

/** Colours over white, as floats [height, width, channels] in 0..255. */
const flatten = ({ data, width, height }: RgbaImage, channels: number): Float32Array => {
  const flat = new Float32Array(width * height * channels);
  for (let p = 0; p < width * height; p++) {
    const alpha = (data[4 * p + 3] ?? 0) / 255;
    const over = (c: number): number => (data[4 * p + c] ?? 0) * alpha + 255 * (1 - alpha);
    if (channels === 1) flat[p] = 0.299 * over(0) + 0.587 * over(1) + 0.114 * over(2);
    else for (let c = 0; c < 3; c++) flat[3 * p + c] = over(c);
  }
  return flat;
};

/**
 * Brings one picture to a size: centre crop to the aspect ratio (`cover`), then antialiased resampling.
 * @param image uint8 [height, width, 4]; transparent pixels become white
 * @returns uint8 [height, width, channels]
 * @throws BitgradError `invalid-option`; `shape-mismatch` when the data does not fit width and height
 */
export function resizeImage(image: RgbaImage, options: ImageOptions = {}): Uint8Array {
  const [height, width, channels] = imageShape(options);
  integerOption('width of the image', image.width, 1);
  integerOption('height of the image', image.height, 1);
  if (image.data.length !== image.width * image.height * 4)
    throw failure('shape-mismatch', `length of the data of a ${image.width} x ${image.height} image`, {
      got: image.data.length,
      expected: `${image.width * image.height * 4} (four bytes a pixel)`,
    });
  let [cropWidth, cropHeight] = [image.width, image.height];
  if (options.fit !== 'stretch') {
    const ratio = Math.min(image.width / width, image.height / height);
    [cropWidth, cropHeight] = [width * ratio, height * ratio];
  }
  const columns = filters(width, (image.width - cropWidth) / 2, cropWidth, image.width);
  const rows = filters(height, (image.height - cropHeight) / 2, cropHeight, image.height);
  return resample(flatten(image, channels), image.width, columns, rows, channels);
}

/** Horizontal, then vertical. */
const resample = (
  flat: Float32Array,
  inWidth: number,
  columns: Filter[],
  rows: Filter[],
  channels: number,
): Uint8Array => {
  const [width, inHeight] = [columns.length, flat.length / (inWidth * channels)];
  const middle = new Float32Array(inHeight * width * channels);
  const result = new Uint8Array(rows.length * width * channels);
  for (let y = 0; y < inHeight; y++)
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += weights[k]! * flat[(y * inWidth + first + k) * channels + c]!;
        middle[(y * width + x) * channels + c] = sum;
      }
    });
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < width * channels; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++)
        sum += weights[k]! * middle[(first + k) * width * channels + i]!;
      result[y * width * channels + i] = Math.round(sum);
    }
  });
  return result;
};

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
  const shape = imageShape(options);
  const pixels = shape[0] * shape[1] * shape[2];
  integerOption('number of classes', classCount, 1, 65_536);
  const images = new Uint8Array(items.length * pixels);
  const labels = classCount > 256 ? new Uint16Array(items.length) : new Uint8Array(items.length);
  items.forEach(({ image, label }, i) => {
    labels[i] = integerOption(`label of image ${i}`, label, 0, classCount - 1);
    images.set(resizeImage(image, options), i * pixels);
  });
  return createSplit(images, labels, shape);
}

/**
 * A data set from decoded pictures, for instance from a canvas.
 * @throws BitgradError as {@link splitFromImages}
 */
export function datasetFromImages(
  name: string,
  classes: readonly string[],
  items: { readonly train: readonly LabelledImage[]; readonly test: readonly LabelledImage[] },
  options: ImageOptions = {},
): Dataset {
  const train = splitFromImages(items.train, classes.length, options);
  const test = splitFromImages(items.test, classes.length, options);
  return Object.freeze({ name, classes, shape: train.shape, train, test });
}
