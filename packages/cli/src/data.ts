// Data sets as they are named on the command line, read once for a command.
import { expectText } from './arguments.js';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Augmentation, Dataset } from '@bitgrad/datasets';
import { loadDataset } from '@bitgrad/datasets/node';
import { BitgradError, checkValue, option, type PictureOptions } from '@bitgrad/core';
import { writeLine } from './io.js';

/** The options that decide a data set. */
export interface DataOptions {
  /** `digits`, `mnist:DIR`, `cifar10:DIR`, `cifar100:DIR` or `folder:DIR`. */
  readonly data: string;
  /** At most this many training images. */
  readonly limit?: number;
  /** At most this many test images. */
  readonly testLimit?: number;
  /** Decides which images a limit takes, and what `digits` draws. */
  readonly seed: number;
  /** Folders: the shape that pictures are brought to, and how. */
  readonly shape?: { readonly size?: readonly [number, number]; readonly channels?: 1 | 3 };
  readonly picture?: PictureOptions;
  /** Class names of a model: labels are matched by name. */
  readonly classes?: readonly string[];
}

/** The kind of a data set that is named as KIND or KIND:FOLDER. */
export const dataKind = (data: string): string => data.split(':', 1)[0]!;

/** The same data, wherever the command is started: the folder as an absolute path. */
export function absoluteData(data: string, directory: string): string {
  const kind = dataKind(data);
  // Behind a colon some shells leave ~ as it is.
  const folder = data.slice(kind.length + 1).replace(/^~(?=$|[\\/])/, homedir());
  return folder === '' ? data : `${kind}:${resolve(directory, folder)}`;
}

const everyMs = 1000;

/**
 * Reads a data set; what takes long, and what was decided or left out, is said in lines.
 * @throws BitgradError `invalid-option`, `io`, `invalid-file`, `truncated-file`, `incompatible`
 */
export async function openData(options: DataOptions, lines: NodeJS.WritableStream): Promise<Dataset> {
  checkValue('cli', 'options of openData', options, option.required(option.object));
  const { data, limit, testLimit, seed, shape, picture, classes } = options;
  let said = performance.now();
  const dataset = await loadDataset(data, {
    limit,
    testLimit,
    seed,
    ...shape,
    ...picture,
    classes,
    onProgress({ done, total }) {
      if (performance.now() - said < everyMs || done === total) return;
      said = performance.now();
      writeLine(lines, `reading pictures: ${done} of ${total}`);
    },
  });
  for (const note of dataset.notes ?? []) writeLine(lines, `${data}: ${note}`);
  return dataset;
}

/** The shape of a model's input for {@link DataOptions}; none where it takes no pictures. */
export const pictureShape = (shape: readonly number[]): DataOptions['shape'] => {
  const [height, width, channels] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) return undefined;
  return Math.max(height!, width!) > 4096 ? undefined : { size: [height!, width!], channels };
};

/**
 * Augmentation from text: `none`, or a list such as `shift:2,flip` or `crop:4,flip`.
 * @throws BitgradError `invalid-option`
 */
export function parseAugment(text: string): Augmentation | undefined {
  expectText('--augment', text);
  if (text === 'none') return undefined;
  const parts = text.split(',').map((part) => {
    const [name, amount, ...rest] = part.split(':');
    const pixels = Number(amount);
    const counted = amount !== undefined && Number.isSafeInteger(pixels) && pixels > 0 && rest.length === 0;
    if (name === 'flip' && amount === undefined) return { flip: true };
    if (name === 'shift' && counted) return { shift: pixels };
    if (name === 'crop' && counted) return { crop: { padding: pixels } };
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: '--augment',
      got: text,
      expected: 'none, or some of shift:PIXELS, crop:PIXELS and flip, separated by commas',
    });
  });
  const names = parts.flatMap((part) => Object.keys(part));
  if (new Set(names).size < names.length)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: '--augment',
      got: text,
      expected: 'each of shift, crop and flip at most once',
    });
  return Object.assign({}, ...parts) as Augmentation;
}
