// The in-memory form of a data set: bytes as they are stored, plain typed arrays, no tensors.
// Floats exist only a batch at a time (batches.ts).
import {
  checkOptions,
  checkValue,
  createRng,
  option,
  type PictureSettings,
  type SoundSettings,
} from '@bitgrad/core';
import { checkFinite, checkParts, checkSplit } from './check.js';
import { failure, fractionRule, integerOption } from './errors.js';

/** Height, width and channels of one image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/**
 * What the labels of examples are: `class`, the number of one class; `labels`, 1 or 0 for each label that an example has or has
 * not; `values`, numbers that are to be predicted.
 */
export type LabelKind = 'class' | 'labels' | 'values';

/** A further input of each example, for models with several; floats, taken as they are. */
export interface FurtherInput {
  /** float32 [size, ...shape], row-major. */
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** Examples with their labels: images, or what {@link createExamples} makes. */
export interface Examples {
  /** [size, ...shape], row-major: bytes 0..255, which batches normalize, or, with `type: 'f32'`, floats as they are. */
  readonly images: Uint8Array | Float32Array;
  /**
   * Class numbers, from 0, [size, ...labelShape] (Uint16Array when there are more than 256); 0 and 1 of `labels`,
   * [size, ...labelShape]; float32 `values`, likewise.
   */
  readonly labels: Uint8Array | Uint16Array | Float32Array;
  /** Number of images. */
  readonly size: number;
  /** Shape of one example: [height, width, channels] of an image. */
  readonly shape: readonly number[];
  /** Default `u8`. */
  readonly type?: 'u8' | 'f32';
  /** Default `class`. */
  readonly kind?: LabelKind;
  /** Shape of one example's labels; default []: one. [height, width] of a class for each pixel. */
  readonly labelShape?: readonly number[];
  /** How much each example counts in the loss, [size], 0 or more; default 1 each. */
  readonly weights?: Float32Array;
  /** Inputs of a model after its first. */
  readonly more?: readonly FurtherInput[];
}

/** Images of bytes with a class each, which is what most data sets have. */
export interface Split extends Examples {
  readonly images: Uint8Array;
  readonly labels: Uint8Array | Uint16Array;
  readonly shape: ImageShape;
}

/** A data set: its classes, and one split each for training and for testing. */
export interface Dataset<S extends Examples = Split> {
  readonly name: string;
  /** Class names; a label is an index into this list. Of `labels` and `values` the names of the columns. */
  readonly classes: readonly string[];
  /** Shape of one image; equal to that of both splits. */
  readonly shape: ImageShape;
  readonly train: S;
  readonly test: S;
  /** Chooses the epoch, apart from both; where the data have one, or one was held out. */
  readonly validation?: S;
  /** How pictures were brought to the shape, where they were; a packed model carries it as `metadata.picture`. */
  readonly picture?: PictureSettings;
  /** How recordings became bytes, where they did; a packed model carries it as `metadata.sound`. */
  readonly sound?: SoundSettings;
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

/** What {@link createExamples} takes. */
export interface ExampleParts {
  /** [size, ...shape], row-major: bytes, which are normalized, or floats, which are taken as they are. */
  readonly inputs: Uint8Array | Float32Array;
  /** Shape of one example, such as [height, width, channels], [length, channels] or [count]; bytes have three numbers. */
  readonly shape: readonly number[];
  readonly labels: Uint8Array | Uint16Array | Float32Array;
  /** Default `class`. */
  readonly kind?: LabelKind;
  /** Default []: one label an example. */
  readonly labelShape?: readonly number[];
  readonly weights?: Float32Array;
  readonly more?: readonly FurtherInput[];
}

/**
 * A split of examples of any kind over given arrays (not copied): bytes or floats of 1 to 4 axes, several inputs, weights, and
 * labels that are classes (one an example, or one a position), several labels, or values.
 * @throws BitgradError `invalid-option`; `shape-mismatch` when the lengths do not fit; `not-finite`
 */
export function createExamples(parts: ExampleParts): Examples {
  const { inputs, ...rest } = checkOptions<ExampleParts>('datasets', 'createExamples', parts, {
    inputs: option.required(
      option.of(
        'a Uint8Array of bytes or a Float32Array',
        (v) => v instanceof Uint8Array || v instanceof Float32Array,
      ),
    ),
    shape: option.required(option.any),
    labels: option.required(option.any),
    kind: option.oneOf('class', 'labels', 'values'),
    labelShape: option.any,
    weights: option.any,
    more: option.any,
  });
  const given = { ...rest, images: inputs, ...(inputs instanceof Float32Array && { type: 'f32' as const }) };
  const split = { ...given, size: checkParts('createExamples', given) };
  checkFinite('createExamples', split);
  return Object.freeze(split);
}

/** The rows of an array at some positions. */
export function rowsOf<T extends Uint8Array | Uint16Array | Float32Array>(
  array: T,
  size: number,
  indices: ArrayLike<number>,
): T {
  const width = size === 0 ? 0 : array.length / size;
  const rows = new (array.constructor as new (length: number) => T)(indices.length * width);
  for (let i = 0; i < indices.length; i++)
    rows.set(array.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
  return rows;
}

/**
 * The chosen images of a split, copied, in the order given.
 * @param split where to take them from
 * @param indices positions in `split`, each 0..size-1; may repeat
 * @throws BitgradError `invalid-option` for a position outside of the split
 */
export function selectImages<S extends Examples>(split: S, indices: ArrayLike<number>): S {
  checkSplit('selectImages', split);
  if (!Array.isArray(indices) && !ArrayBuffer.isView(indices))
    throw failure('invalid-option', {
      what: 'positions in the split',
      got: indices,
      expected: 'an array of integers',
    });
  for (let i = 0; i < indices.length; i++)
    integerOption('position in the split', indices[i] ?? -1, 0, split.size - 1);
  const { size, weights, more } = split;
  return Object.freeze({
    ...split,
    images: rowsOf(split.images, size, indices),
    labels: rowsOf(split.labels, size, indices),
    size: indices.length,
    ...(weights && { weights: rowsOf(weights, size, indices) }),
    ...(more && { more: more.map((each) => ({ ...each, values: rowsOf(each.values, size, indices) })) }),
  });
}

/** The first `count` of the numbers 0..size-1 after a seeded shuffle; all of them in order when that is no fewer. */
function limitedIndices(size: number, count: number | undefined, seed: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  if (count === undefined || integerOption('limit', count, 1) >= size) return order;
  return createRng(seed).fork('limit').shuffle(order).slice(0, count);
}

/** The items that {@link limitedIndices} keeps, in its order. */
export const limitedItems = <T>(items: readonly T[], count: number | undefined, seed: number): T[] =>
  Array.from(limitedIndices(items.length, count, seed), (index) => items[index]!);

/**
 * At most `count` images: the first ones after a shuffle by `seed`, so classes keep their proportions only on
 * average. A smaller limit with the same seed is a prefix of a larger one. A limit of `size` or more changes nothing.
 * @param split what to take from
 * @param count at least 1; undefined means no limit
 * @param seed any safe integer
 * @throws BitgradError `invalid-option`
 */
export function limitSplit<S extends Examples>(split: S, count: number | undefined, seed = 0): S {
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
export function holdOut<S extends Examples>(
  split: S,
  fraction: number,
  options: { readonly seed?: number } = {},
): { readonly rest: S; readonly held: S } {
  checkSplit('holdOut', split);
  checkValue('datasets', 'fraction of holdOut', fraction, option.required(fractionRule));
  const { seed = 0 } = checkOptions('datasets', 'holdOut', options, { seed: option.integer() });
  const byClass = new Map<number, number[]>();
  // Other labels than one class are held out as they come.
  const ofClass = (split.kind ?? 'class') === 'class' && split.labels.length === split.size;
  Array.from({ length: split.size }, (_, i) => (ofClass ? split.labels[i]! : 0)).forEach((label, i) => {
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
