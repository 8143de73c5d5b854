// The in-memory form of a data set: bytes as they are stored, plain typed arrays, no tensors.
// Floats exist only a batch at a time (batches.ts).
import { createRng, type PictureSettings } from '@bitgrad/core';
import { checkParts, checkSplit } from './check.js';
import { failure, integerOption } from './errors.js';

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
