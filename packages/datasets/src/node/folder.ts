// Image folders: one subfolder for each class, see `arrangePictures` for the layouts.
import { realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkOptions, explained, option, type OptionRules } from '@bitgrad/core';
import { defaultMaxBytes } from '../bytes.js';
import { createSplit, limitedItems, type Dataset, type Split } from '../dataset.js';
import { commonRules, defineDataset, type CommonLoadOptions } from '../define.js';
import { failure, testFractionRule } from '../errors.js';
import { imageForm, imageRules, type ImageForm, type ImageOptions } from '../images.js';
import { mapLabels } from '../labels.js';
import { arrangePictures, type Item } from '../layout.js';
import { cacheFolder, openCache, stampOf, type PictureCache } from './cache.js';
import { walkFolder } from './files.js';
import { readPictures } from './pool.js';

/** Options of {@link loadImageFolder}. */
export interface FolderOptions extends ImageOptions, CommonLoadOptions {
  /** Part of each class held out when there is no test folder, above 0 and below 1; default 0.2. */
  readonly testFraction?: number;
  /** Threads that decode; default as many as the machine has, at most 8. Small folders are read without. */
  readonly threads?: number;
  /** Keep resized pictures among the caches of the user, or in a folder given, up to 1 GiB; default true. Small folders are not kept. */
  readonly cache?: boolean | string;
}

const ownRules = {
  ...imageRules,
  testFraction: testFractionRule,
  threads: explained(option.integer(1, 64), "threads that decode; default the machine's, at most 8"),
  cache: explained(option.either(option.boolean, option.string), 'keep resized pictures among the caches of the user, or in a folder', true), // prettier-ignore
};
const folderRules: OptionRules<FolderOptions> = { ...commonRules, ...ownRules };

/** Files of fewer bytes together are read at once, and not kept: threads and caches take longer than they do. */
const worthwhile = 2 ** 23;

interface Wanted {
  readonly path: string;
  readonly index: number;
  readonly stamp: string;
  readonly size: number;
}

/** Stamps of the files; one that cannot be asked has none, and reading it says why. */
const stamps = (root: string, items: readonly Item[]): Promise<Wanted[]> =>
  Promise.all(
    items.map(async ({ path }, index) => {
      const { stamp, size } = await stampOf(join(root, path)).catch(() => ({ stamp: '', size: 0 }));
      return { path, index, stamp, size };
    }),
  );

interface Reading {
  /** uint8 [items, height, width, channels]. */
  readonly images: Uint8Array;
  /** How many of them the cache had. */
  readonly kept: number;
}

/** Pictures in the order of their items: from the cache, the others decoded. */
async function readItems(
  root: string,
  items: readonly Item[],
  form: ImageForm,
  options: FolderOptions,
  cache: PictureCache | undefined,
): Promise<Reading> {
  const pixels = form.shape[0] * form.shape[1] * form.shape[2];
  const { maxBytes = defaultMaxBytes, threads = Math.min(8, availableParallelism()), onProgress } = options;
  if (items.length * pixels > maxBytes)
    throw failure('limit-exceeded', {
      what: `size of ${items.length} images of shape [${form.shape.join(', ')}]`,
      got: `${items.length * pixels} bytes`,
      expected: `at most ${maxBytes}`,
      next: 'Set limit, a smaller size, or maxBytes.',
    });
  const images = new Uint8Array(items.length * pixels);
  const missing: Wanted[] = [];
  for (const wanted of await stamps(root, items)) {
    const bytes = cache?.find(wanted.path, wanted.stamp);
    if (bytes) images.set(bytes, wanted.index * pixels);
    else missing.push(wanted);
  }
  const kept = items.length - missing.length;
  let done = kept;
  if (kept > 0) onProgress?.({ done, total: items.length });
  const large = missing.reduce((sum, { size }) => sum + size, 0) >= worthwhile;
  const paths = missing.map(({ path }) => join(root, path));
  await readPictures(paths, form, {
    threads: large ? threads : 1,
    maxBytes,
    onPicture(i, bytes) {
      images.set(bytes, missing[i]!.index * pixels);
      onProgress?.({ done: ++done, total: items.length });
    },
  });
  if (large)
    await cache?.keep(
      missing.map(({ path, index, stamp }) => ({
        path,
        stamp,
        bytes: images.subarray(index * pixels, (index + 1) * pixels),
      })),
    );
  return { images, kept };
}

/**
 * Loads a folder of pictures (PNG, JPEG, WebP, GIF, BMP); the layouts are those of {@link arrangePictures}. Pictures are
 * decoded a few at a time, by threads where they are large; only the resized bytes stay in memory, and a limit is applied
 * before reading. `notes` of the result say what was held out, left out and found in the cache.
 * @throws BitgradError naming the path: `io`, `invalid-file`, `truncated-file`, `limit-exceeded`; `invalid-option`;
 *   `incompatible` when `classes` are given and the folder has others
 */
export async function loadImageFolder(folder: string, options: FolderOptions = {}): Promise<Dataset> {
  if (typeof folder !== 'string' || folder === '')
    throw failure('invalid-option', {
      what: 'folder of pictures',
      got: folder ?? 'nothing',
      expected: 'a path',
    });
  const {
    seed = 0,
    testFraction,
    cache = true,
  } = checkOptions('datasets', 'loadImageFolder', options, folderRules);
  const form = imageForm(options);
  const { files, folders, others } = await walkFolder(folder);
  const { classes, train, test, validation, notes } = arrangePictures(folder, files, {
    seed,
    testFraction,
    folders,
    leastClasses: options.classes ? 1 : 2,
  });
  const said = [...notes];
  if (others.length > 0)
    said.push(`${others.length} left out, no regular files: ${others.slice(0, 3).join(', ')}`);
  const items = [
    limitedItems(train, options.limit, seed),
    limitedItems(test, options.testLimit, seed),
    validation ?? [],
  ] as const;
  const place = cache === true ? cacheFolder() : cache;
  const kept = place === false ? undefined : await openCache(place, await realpath(folder), form);
  const read = await readItems(folder, items.flat(), form, options, kept);
  const [height, width, channels] = form.shape;
  const ends = [0, 1, 2].map((i) => items.slice(0, i + 1).flat().length * height * width * channels);
  const split = (part: readonly Item[], images: Uint8Array): Split => {
    const labels = part.map(({ label }) => label);
    return createSplit(images, (classes.length > 256 ? Uint16Array : Uint8Array).from(labels), form.shape);
  };
  if (read.kept > 0)
    said.push(`${read.kept} of ${items.flat().length} pictures taken from the cache in ${place}`);
  const dataset: Dataset = Object.freeze({
    name: 'folder',
    classes,
    shape: form.shape,
    train: split(items[0], read.images.slice(0, ends[0])),
    test: split(items[1], read.images.slice(ends[0], ends[1])),
    ...(validation && { validation: split(items[2], read.images.slice(ends[1])) }),
    picture: form.picture,
    notes: said,
  });
  return options.classes ? mapLabels(dataset, options.classes) : dataset;
}

/** {@link loadImageFolder} by name. */
export const imageFolder = defineDataset<Omit<FolderOptions, keyof CommonLoadOptions>>({
  description: 'pictures (PNG, JPEG, WebP, GIF, BMP), a subfolder for each class',
  folder: true,
  options: ownRules,
  load: ({ directory, ...options }) => loadImageFolder(directory, options),
});
