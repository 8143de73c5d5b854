// The in-memory form of a data set: bytes as they are stored, plain typed arrays, no tensors.
// Floats exist only a batch at a time (batches.ts).
import { checkOptions, checkValue, createRng, option, type PictureSettings } from '@bitgrad/core';
import { checkParts, checkSplit } from './check.js';
import { failure, fractionRule, integerOption } from './errors.js';

/** Height, width and channels of one image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** Images with their labels. */
export interface Split {
  /** uint8 [size, height, width, channels], row-major, 0..255. */
  readonly images: Uint8Array;
  /** Class numbers [size], from 0; Uint16Array when there are more than 256 classes. */
  readonly labels: Uint8Array | Uint16Array;
  /** Number of images. */
  readonly size: number;
  /** Shape of one image. */
  readonly shape: ImageShape;
}

/** A data set: its classes, and one split each for training and for testing. */
export interface Dataset {
  readonly name: string;
  /** Class names; a label is an index into this list. */
  readonly classes: readonly string[];
  /** Shape of one image; equal to that of both splits. */
  readonly shape: ImageShape;
  readonly train: Split;
  readonly test: Split;
  /** Chooses the epoch, apart from both; where the data have one, or one was held out. */
  readonly validation?: Split;
  /** How pictures were brought to the shape, where they were; a packed model carries it as `metadata.picture`. */
  readonly picture?: PictureSettings;
  /** What was decided or left out while reading, in sentences for people. */
  readonly notes?: readonly string[];
}

/**
 * A split over given arrays (not copied).
 * @param images uint8 [n, height, width, channels], 0..255
 * @param labels class numbers [n]
 * @param shape height, width, channels: positive integers
 * @throws BitgradError `invalid-option` for anything but bytes, class numbers and a shape (floats, one-hot rows and names
 *   are told how to become those), `shape-mismatch` when the lengths do not fit
 */
export function createSplit(images: Uint8Array, labels: Uint8Array | Uint16Array, shape: ImageShape): Split {
  const size = checkParts('createSplit', { images, labels, shape });
  return Object.freeze({ images, labels, size, shape });
}

/**
 * The chosen images of a split, copied, in the order given.
 * @param split where to take them from
 * @param indices positions in `split`, each 0..size-1; may repeat
 * @throws BitgradError `invalid-option` for a position outside of the split
 */
export function selectImages(split: Split, indices: ArrayLike<number>): Split {
  checkSplit('selectImages', split);
  if (!Array.isArray(indices) && !ArrayBuffer.isView(indices))
    throw failure('invalid-option', {
      what: 'positions in the split',
      got: indices,
      expected: 'an array of integers',
    });
  const pixels = split.shape[0] * split.shape[1] * split.shape[2];
  const images = new Uint8Array(indices.length * pixels);
  const labels =
    split.labels.BYTES_PER_ELEMENT === 2 ? new Uint16Array(indices.length) : new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = integerOption('position in the split', indices[i] ?? -1, 0, split.size - 1);
    images.set(split.images.subarray(index * pixels, (index + 1) * pixels), i * pixels);
    labels[i] = split.labels[index] ?? 0;
  }
  return createSplit(images, labels, split.shape);
}

/** The first `count` of the numbers 0..size-1 after a seeded shuffle; all of them in order when that is no fewer. */
export function limitedIndices(size: number, count: number | undefined, seed: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  if (count === undefined || integerOption('limit', count, 1) >= size) return order;
  return createRng(seed).fork('limit').shuffle(order).slice(0, count);
}

/**
 * At most `count` images: the first ones after a shuffle by `seed`, so classes keep their proportions only on
 * average. A smaller limit with the same seed is a prefix of a larger one. A limit of `size` or more changes nothing.
 * @param split what to take from
 * @param count at least 1; undefined means no limit
 * @param seed any safe integer
 * @throws BitgradError `invalid-option`
 */
export function limitSplit(split: Split, count: number | undefined, seed = 0): Split {
  checkSplit('limitSplit', split);
  integerOption('seed', seed, Number.MIN_SAFE_INTEGER);
  if (count === undefined || integerOption('limit', count, 1) >= split.size) return split;
  return selectImages(split, limitedIndices(split.size, count, seed));
}

/**
 * Holds out a part of a split, to choose by: of each class its share, at least one image in all, and never all of a class.
 * @param fraction above 0 and below 1
 * @param seed decides which; default 0
 * @returns the rest, in its order, and what is held out, in its order
 * @throws BitgradError `invalid-option`, also for a split in which no class has two images
 */
export function holdOut(
  split: Split,
  fraction: number,
  options: { readonly seed?: number } = {},
): { readonly rest: Split; readonly held: Split } {
  checkSplit('holdOut', split);
  checkValue('datasets', 'fraction of holdOut', fraction, option.required(fractionRule));
  const { seed = 0 } = checkOptions('datasets', 'holdOut', options, { seed: option.integer() });
  const byClass = new Map<number, number[]>();
  split.labels.forEach((label, i) => {
    const all = byClass.get(label);
    if (all) all.push(i);
    else byClass.set(label, [i]);
  });
  const rng = createRng(seed).fork('hold-out');
  const held = new Uint8Array(split.size);
  const largest = [...byClass.values()].reduce((most, all) => Math.max(most, all.length), 0);
  if (!(largest > 1))
    throw failure('invalid-option', {
      what: 'split given to holdOut',
      got: `${split.size} images`,
      expected: 'a class of at least 2 images',
    });
  for (const [label, all] of byClass) {
    const wanted = Math.min(all.length - 1, Math.round(all.length * fraction));
    const count = Math.max(wanted, all.length === largest ? 1 : 0);
    for (const i of rng
      .fork(label)
      .shuffle([...all])
      .slice(0, count))
      held[i] = 1;
  }
  const indices = (value: 0 | 1): number[] =>
    Array.from({ length: split.size }, (_, i) => i).filter((i) => held[i] === value);
  return { rest: selectImages(split, indices(0)), held: selectImages(split, indices(1)) };
}
