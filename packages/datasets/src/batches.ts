// Batches of floats, made one at a time. What a batch holds is decided by (seed, epoch, batch number) alone:
// the order by one stream of the generator, each image's augmentation by a stream of its own.
// So a run that resumes at batch 40 sees what the run that was never stopped saw, without making batches 0..39.
import { checkOptions, createRng, option, type OptionRules, type Rng } from '@bitgrad/core';
import { augmentationRule, drawAugmentation, outside, type Augmentation } from './augment.js';
import { checkSplit } from './check.js';
import { rowsOf, type Examples, type ImageShape } from './dataset.js';
import { failure, integerOption } from './errors.js';
import { mixed } from './mixup.js';
import {
  normalizationRule,
  normalizationTable,
  symmetricNormalization,
  type Normalization,
} from './normalization.js';

/** What to make of a split. */
export interface BatchOptions {
  /** Images a batch, at least 1. */
  readonly batchSize: number;
  /** Default 0. A different epoch gives a different order and different augmentation. */
  readonly epoch?: number;
  /** Any safe integer; default 0. */
  readonly seed?: number;
  /** Random order; default true. */
  readonly shuffle?: boolean;
  /** Default {@link symmetricNormalization}: bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  /** Default none. */
  readonly augment?: Augmentation;
  /** Leave out a last batch that is not full; default false. */
  readonly dropLast?: boolean;
  /** Number of the first batch to make; default 0. Earlier ones cost nothing. */
  readonly startBatch?: number;
}

/** One batch; its arrays are new and belong to the caller. */
export interface Batch {
  /** Number of this batch in its epoch, from 0. */
  readonly index: number;
  /** Number of images n; smaller than `batchSize` only in a last batch. */
  readonly size: number;
  /** [n, ...shape of an example]. */
  readonly shape: readonly number[];
  /** float32 [n, ...]: bytes normalized, floats as they are. */
  readonly images: Float32Array;
  /** [n, ...labelShape]: int32, or float32 of `values`. */
  readonly labels: Int32Array | Float32Array;
  /** int32 [n]: positions in the split. */
  readonly indices: Int32Array;
  /** How much each example counts, [n]; where the split says so. */
  readonly weights?: Float32Array;
  /** Of images that were mixed by mixup: `share` of each label counts, and the rest of the other's. */
  readonly mix?: { readonly share: number; readonly labels: Int32Array | Float32Array };
  /** Further inputs, float32 [n, ...]. */
  readonly more?: readonly { readonly values: Float32Array; readonly shape: readonly number[] }[];
}

const rules: OptionRules<BatchOptions> = {
  batchSize: option.required(option.integer(1)),
  epoch: option.integer(0),
  seed: option.integer(),
  shuffle: option.boolean,
  normalize: normalizationRule,
  augment: augmentationRule,
  dropLast: option.boolean,
  startBatch: option.integer(0),
};

/**
 * How many batches an epoch has.
 * @throws BitgradError `invalid-option` for what is no split or a batch size below 1
 */
export function batchCount(split: Examples, options: Pick<BatchOptions, 'batchSize' | 'dropLast'>): number {
  checkSplit('batchCount', split);
  const exact = split.size / checkOptions<BatchOptions>('datasets', 'batchCount', options, rules).batchSize;
  return options.dropLast ? Math.floor(exact) : Math.ceil(exact);
}

/**
 * The order in which an epoch goes through a split of `size` images: a permutation of 0..size-1, decided by
 * (seed, epoch); 0, 1, 2, ... when not shuffled.
 */
export function epochOrder(
  size: number,
  options: Pick<BatchOptions, 'epoch' | 'seed' | 'shuffle'> = {},
): Int32Array {
  integerOption('size', size, 0, 2 ** 31 - 1);
  const { batchSize: _, ...ofOrder } = rules;
  checkOptions('datasets', 'epochOrder', options, ofOrder);
  const order = Int32Array.from({ length: size }, (_, i) => i);
  if (options.shuffle === false) return order;
  return stream('order', options).shuffle(order);
}

const stream = (label: string, { seed = 0, epoch = 0 }: Pick<BatchOptions, 'epoch' | 'seed'>): Rng =>
  createRng(seed).fork(label).fork(epoch);

/**
 * The batches of one epoch. Options are checked at the call, not at the first batch.
 * @param split where the images come from; not changed
 * @param options see {@link BatchOptions}
 * @returns a generator; a pure function of the split and the options
 * @throws BitgradError `invalid-option`, `shape-mismatch` as `createSplit`
 */
export function batches(split: Examples, options: BatchOptions): Generator<Batch, void, undefined> {
  checkSplit('batches', split);
  checkOptions('datasets', 'batches', options, rules);
  const { batchSize, startBatch = 0, normalize = symmetricNormalization } = options;
  const { mixup, sameOnBatch, ...changes } = options.augment ?? {};
  const augment = Object.keys(changes).length > 0 ? changes : undefined;
  if (augment?.erase && split.type === 'f32')
    throw failure('invalid-option', {
      what: 'augment.erase, which covers with random bytes, of floats',
      got: split.type,
      expected: 'u8',
      next: 'Use cutout, which covers with 0.',
    });
  if (augment && split.shape.length !== 3)
    throw failure('invalid-option', {
      what: 'augmentation of examples that are no images',
      got: `shape [${split.shape.join(', ')}]`,
      expected: '[height, width, channels]',
    });
  const count = batchCount(split, options);
  const read = readerOf(split, normalize);
  const { epoch, seed, shuffle } = options;
  const order = epochOrder(split.size, { epoch, seed, shuffle });
  const augmentRng = augment && stream('augment', options);
  const mixupRng = stream('mixup', options);

  return (function* () {
    for (let index = startBatch; index < count; index++) {
      const indices = order.slice(index * batchSize, (index + 1) * batchSize);
      const batch = makeBatch(split, index, indices, (image, target) => {
        if (augment && augmentRng) {
          const rng = sameOnBatch ? augmentRng.fork('batch').fork(index) : augmentRng.fork(image);
          copyAugmented(split, image, read, target, augment, rng);
        } else copyPlain(split, image, read, target);
      });
      yield mixup === undefined ? batch : mixed(batch, mixup, mixupRng.fork(index));
    }
  })();
}

const makeBatch = (
  split: Examples,
  index: number,
  indices: Int32Array,
  copy: (image: number, target: Float32Array) => void,
): Batch => {
  const size = indices.length;
  const numbers = elementsOf(split.shape);
  const images = new Float32Array(size * numbers);
  indices.forEach((image, i) => copy(image, images.subarray(i * numbers, (i + 1) * numbers)));
  const labels = rowsOf(split.labels, split.size, indices);
  const { weights, more } = split;
  return {
    index,
    size,
    shape: [size, ...split.shape],
    images,
    labels: labels instanceof Float32Array ? labels : Int32Array.from(labels),
    indices,
    ...(weights && { weights: rowsOf(weights, split.size, indices) }),
    ...(more && {
      more: more.map(({ values, shape }) => ({
        values: rowsOf(values, split.size, indices),
        shape: [size, ...shape],
      })),
    }),
  };
};

const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The float of the number at a place of a split, in a channel; outside of an image (-1) byte 0, or 0 of floats. */
interface Reader {
  (at: number, channel: number): number;
  /** The float of a byte. */
  of(byte: number, channel: number): number;
}

function readerOf({ images, shape, type }: Examples, normalize: Normalization): Reader {
  if (type === 'f32') return Object.assign((at: number) => (at < 0 ? 0 : images[at]!), { of: () => 0 });
  const table = normalizationTable(normalize, shape.at(-1)!);
  const of = (byte: number, channel: number): number => table[channel * 256 + byte]!;
  return Object.assign((at: number, channel: number) => of(at < 0 ? 0 : images[at]!, channel), { of });
}

const copyPlain = (split: Examples, image: number, read: Reader, target: Float32Array): void => {
  const channels = split.shape.at(-1)!;
  const base = image * target.length;
  for (let i = 0; i < target.length; i += channels)
    for (let c = 0; c < channels; c++) target[i + c] = read(base + i + c, c);
};

const copyAugmented = (
  split: Examples,
  image: number,
  read: Reader,
  target: Float32Array,
  augment: Augmentation,
  rng: Rng,
): void => {
  const [height, width, channels] = split.shape as ImageShape;
  const { rows, columns, patches } = drawAugmentation(augment, height, width, rng);
  const base = image * target.length;
  let out = 0;
  for (let y = 0; y < height; y++) {
    const row = rows[y] ?? -1;
    for (let x = 0; x < width; x++) {
      const column = columns[x] ?? -1;
      const nearest = Math.min(row, column);
      const from = nearest >= 0 ? base + (row * width + column) * channels : -1;
      // Of `middle` target has its 0 already.
      if (nearest === outside.middle) out += channels;
      else for (let c = 0; c < channels; c++, out++) target[out] = read(from < 0 ? -1 : from + c, c);
    }
  }
  for (const { top, bottom, left, right, noise } of patches)
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++)
        for (let c = 0; c < channels; c++)
          target[(y * width + x) * channels + c] = noise ? read.of(noise.integer(256), c) : 0;
};
