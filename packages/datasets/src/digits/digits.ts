// The procedural data set `digits`: drawn, not downloaded. Image number i of a split depends on (seed, split, i) alone.
import { checkOptions, createRng, option, type OptionRules } from '@bitgrad/core';
import { createSplit, type Dataset, type ImageShape, type Split } from '../dataset.js';
import { defineDataset } from '../define.js';
import { integerOption } from '../errors.js';
import { digitSide, drawPath } from './pen.js';
import { develop, rasterize } from './raster.js';

/** The two splits of a data set. */
export type SplitName = 'train' | 'test';

/** Which image of `digits`. */
export interface DigitPosition {
  /** Any safe integer (the low 32 bits decide); default 0. */
  readonly seed?: number;
  /** Default `train`. */
  readonly split?: SplitName;
  /** 0..2^30-1. */
  readonly index: number;
}

/** Options of {@link createDigits}. */
export interface DigitsOptions {
  /** Any safe integer; default 0. */
  readonly seed?: number;
  /** Number of training images, at least 1; default 10,000. */
  readonly train?: number;
  /** Number of test images, at least 1; default 2,000. */
  readonly test?: number;
}

const shape: ImageShape = [digitSide, digitSide, 1];
const pixels = digitSide * digitSide;
const largestIndex = 2 ** 30 - 1;

/** A bijection of 32-bit words (the finalizer of MurmurHash3): different positions never share a random stream. */
const scramble = (word: number): number => {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const streamSeed = (seed: number, split: SplitName, index: number): number =>
  (scramble(index * 2 + (split === 'test' ? 1 : 0)) ^ scramble(seed ^ 0x5bd1e995)) >>> 0;

const draw = (
  seed: number,
  split: SplitName,
  index: number,
  ink: Float32Array,
  target: Uint8Array,
): number => {
  const label = index % 10;
  const rng = createRng(streamSeed(seed, split, index));
  const path = drawPath(label, rng);
  rasterize(path, ink, 1 + 0.6 * rng.next());
  develop(ink, target, rng);
  return label;
};

const positionRules = { seed: option.integer(), split: option.oneOf('train', 'test') };
const rules: OptionRules<DigitsOptions> = {
  seed: option.integer(),
  train: option.integer(1),
  test: option.integer(1),
};

/**
 * One image of `digits`, made on its own.
 * @returns uint8 [28, 28, 1], bright ink on black, and its label: `index % 10`
 * @throws BitgradError `invalid-option`
 */
export function drawDigit(position: DigitPosition): { image: Uint8Array; label: number } {
  const {
    seed = 0,
    split = 'train',
    index,
  } = checkOptions('datasets', 'drawDigit', position, {
    ...positionRules,
    index: option.required(option.integer(0, largestIndex)),
  });
  const image = new Uint8Array(pixels);
  return { image, label: draw(seed, split, index, new Float32Array(pixels), image) };
}

/**
 * Images `start` .. `start + size - 1` of a split of `digits`; equal to {@link drawDigit} one by one.
 * @throws BitgradError `invalid-option`
 */
export function digitsSplit(options: {
  seed?: number;
  split?: SplitName;
  start?: number;
  size: number;
}): Split {
  const {
    seed = 0,
    split = 'train',
    start = 0,
    size,
  } = checkOptions('datasets', 'digitsSplit', options, {
    ...positionRules,
    start: option.integer(0, largestIndex),
    size: option.required(option.integer(1)),
  });
  integerOption('size', size, 1, Math.min(largestIndex + 1 - start, Math.floor((2 ** 31 - 1) / pixels)));
  const images = new Uint8Array(size * pixels);
  const labels = new Uint8Array(size);
  const ink = new Float32Array(pixels);
  for (let i = 0; i < size; i++)
    labels[i] = draw(seed, split, start + i, ink, images.subarray(i * pixels, (i + 1) * pixels));
  return createSplit(images, labels, shape);
}

/**
 * The data set `digits`: handwritten-looking digits, 28 x 28 x 1, ten classes in equal numbers, made in memory.
 * The splits never share a random stream, and a larger set begins with the images of a smaller one.
 * @throws BitgradError `invalid-option`
 */
export function createDigits(options: DigitsOptions = {}): Dataset {
  const { seed = 0, train = 10_000, test = 2_000 } = checkOptions('datasets', 'createDigits', options, rules);
  return Object.freeze({
    name: 'digits',
    classes: Object.freeze(Array.from({ length: 10 }, (_, digit) => String(digit))),
    shape,
    train: digitsSplit({ seed, split: 'train', size: train }),
    test: digitsSplit({ seed, split: 'test', size: test }),
  });
}

/** {@link createDigits} by name. */
export const digits = defineDataset({
  description: 'handwritten-looking digits, drawn: 28 x 28 x 1, ten classes; needs no files',
  load: ({ seed, limit, testLimit }) => createDigits({ seed, train: limit, test: testLimit }),
});
