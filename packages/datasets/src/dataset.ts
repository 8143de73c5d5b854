// The in-memory form of a data set: bytes as they are stored, plain typed arrays, no tensors.
// Floats exist only a batch at a time (batches.ts).
import { createRng } from '@bitgrad/core';
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
}

/**
 * A split over given arrays (not copied).
 * @param images uint8 [n, height, width, channels], 0..255
 * @param labels class numbers [n]
 * @param shape height, width, channels: positive integers
 * @throws BitgradError `invalid-option` for a bad shape, `shape-mismatch` when the lengths do not fit it
 */
export function createSplit(images: Uint8Array, labels: Uint8Array | Uint16Array, shape: ImageShape): Split {
  if (shape.length !== 3 || !shape.every((side) => Number.isSafeInteger(side) && side > 0))
    throw failure('invalid-option', 'image shape', {
      got: shape,
      expected: '[height, width, channels], each at least 1',
    });
  const pixels = shape[0] * shape[1] * shape[2];
  if (images.length !== labels.length * pixels)
    throw failure(
      'shape-mismatch',
      `length of images for ${labels.length} labels of shape [${shape.join(', ')}]`,
      {
        got: images.length,
        expected: String(labels.length * pixels),
      },
    );
  return Object.freeze({ images, labels, size: labels.length, shape });
}

/**
 * The chosen images of a split, copied, in the order given.
 * @param split where to take them from
 * @param indices positions in `split`, each 0..size-1; may repeat
 * @throws BitgradError `invalid-option` for a position outside of the split
 */
export function selectImages(split: Split, indices: ArrayLike<number>): Split {
  const pixels = split.shape[0] * split.shape[1] * split.shape[2];
  const images = new Uint8Array(indices.length * pixels);
  const labels =
    split.labels instanceof Uint16Array ? new Uint16Array(indices.length) : new Uint8Array(indices.length);
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
  if (count === undefined || integerOption('limit', count, 1) >= split.size) return split;
  return selectImages(split, limitedIndices(split.size, count, seed));
}
