// Image folders: one subfolder for each class. With `train/` and `test/` (or `val/`) at the top these are the splits;
// otherwise a seeded part of each class is held out for testing.
import { join } from 'node:path';
import { createRng } from '@bitgrad/core';
import { defaultMaxBytes } from '../bytes.js';
import { createSplit, limitedIndices, type Dataset, type ImageShape, type Split } from '../dataset.js';
import { failure } from '../errors.js';
import { imageShape, resizeImage, type ImageOptions } from '../images.js';
import { decodeImage } from './decode.js';
import { listFolder, readNamed } from './files.js';

/** Options of {@link loadImageFolder}. */
export interface FolderOptions extends ImageOptions {
  /** At most this many training images; default all. */
  readonly limit?: number;
  /** At most this many test images; default all. */
  readonly testLimit?: number;
  /** Decides which images are held out and which a limit keeps; default 0. */
  readonly seed?: number;
  /** Part of each class held out when there is no test folder, above 0 and below 1; default 0.2. */
  readonly testFraction?: number;
  /** Bytes of a file, and of the decoded images together; default 2^30. */
  readonly maxBytes?: number;
}

interface Item {
  readonly path: string;
  readonly label: number;
}

const isImage = (name: string): boolean => /\.(png|jpe?g)$/i.test(name);

const listClasses = async (folder: string): Promise<Map<string, string[]>> => {
  const classes = new Map<string, string[]>();
  for (const name of (await listFolder(folder)).folders) {
    const { files } = await listFolder(join(folder, name));
    classes.set(
      name,
      files.filter(isImage).map((file) => join(folder, name, file)),
    );
  }
  for (const [name, files] of classes)
    if (files.length === 0)
      throw failure('invalid-file', `${join(folder, name)}: no pictures`, {
        expected: '.png, .jpg or .jpeg files in the folder of each class',
      });
  return classes;
};

const toItems = (classes: Map<string, string[]>, names: readonly string[]): Item[] =>
  [...classes].flatMap(([name, files]) => files.map((path) => ({ path, label: names.indexOf(name) })));

/** Holds out a part of each class: at least one picture, and never all of them. */
const holdOut = (
  items: readonly Item[],
  classCount: number,
  fraction: number,
  seed: number,
): [Item[], Item[]] => {
  const [train, test]: [Item[], Item[]] = [[], []];
  for (let label = 0; label < classCount; label++) {
    const own = items.filter((item) => item.label === label);
    if (own.length < 2)
      throw failure('invalid-file', `${own[0]?.path}: the only picture of its class`, {
        expected: 'at least 2 in each class, one of them for testing',
        next: 'Add pictures, or make train/ and test/ folders.',
      });
    const count = Math.max(1, Math.min(own.length - 1, Math.round(own.length * fraction)));
    const held = new Set(
      createRng(seed)
        .fork('hold-out')
        .fork(label)
        .shuffle([...own])
        .slice(0, count),
    );
    for (const item of own) (held.has(item) ? test : train).push(item);
  }
  return [train, test];
};

const readItems = async (
  items: readonly Item[],
  shape: ImageShape,
  classCount: number,
  options: FolderOptions,
): Promise<Split> => {
  const pixels = shape[0] * shape[1] * shape[2];
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  if (items.length * pixels > maxBytes)
    throw failure('limit-exceeded', `size of ${items.length} images of shape [${shape.join(', ')}]`, {
      got: `${items.length * pixels} bytes`,
      expected: `at most ${maxBytes}`,
      next: 'Set limit, a smaller size, or maxBytes.',
    });
  const images = new Uint8Array(items.length * pixels);
  const labels = classCount > 256 ? new Uint16Array(items.length) : new Uint8Array(items.length);
  for (const [i, { path, label }] of items.entries()) {
    const { bytes } = await readNamed(path, maxBytes);
    images.set(resizeImage(decodeImage(path, bytes), options), i * pixels);
    labels[i] = label;
  }
  return createSplit(images, labels, shape);
};

const sample = (items: Item[], limit: number | undefined, seed: number): Item[] =>
  Array.from(limitedIndices(items.length, limit, seed), (index) => items[index] as Item);

/**
 * Loads a folder of pictures with one subfolder for each class; classes are the folder names, sorted.
 * Pictures are decoded one at a time; only the resized bytes stay in memory, and a limit is applied before reading.
 * @throws BitgradError naming the path: `io`, `invalid-file`, `truncated-file`, `limit-exceeded`; `invalid-option`
 */
export async function loadImageFolder(folder: string, options: FolderOptions = {}): Promise<Dataset> {
  const { seed = 0, testFraction = 0.2 } = options;
  const shape = imageShape(options);
  if (!(testFraction > 0 && testFraction < 1))
    throw failure('invalid-option', 'testFraction', {
      got: testFraction,
      expected: 'a number above 0 and below 1',
    });
  const { folders } = await listFolder(folder);
  const testName = ['test', 'val'].find((name) => folders.includes(name));
  const separate = folders.includes('train') && testName !== undefined;
  const trainFiles = await listClasses(separate ? join(folder, 'train') : folder);
  const classes = [...trainFiles.keys()];
  if (classes.length < 2 || classes.length > 65_536)
    throw failure('invalid-file', `${folder}: number of class folders`, {
      got: classes.length,
      expected: '2..65536 subfolders, one for each class',
    });
  let [train, test] = [toItems(trainFiles, classes), [] as Item[]];
  if (separate) {
    const testFiles = await listClasses(join(folder, testName));
    const strange = [...testFiles.keys()].find((name) => !classes.includes(name));
    if (strange !== undefined || testFiles.size === 0)
      throw failure('invalid-file', `${join(folder, testName, strange ?? '')}: class folders for testing`, {
        got: strange ?? 'none',
        expected: `some of ${classes.slice(0, 8).join(', ')}`,
      });
    test = toItems(testFiles, classes);
  } else [train, test] = holdOut(train, classes.length, testFraction, seed);
  return Object.freeze({
    name: 'folder',
    classes,
    shape,
    train: await readItems(sample(train, options.limit, seed), shape, classes.length, options),
    test: await readItems(sample(test, options.testLimit, seed), shape, classes.length, options),
  });
}
