// Data sets by a short text: `digits`, `mnist:DIR`, `cifar10:DIR`, `cifar100:DIR`, `folder:DIR`.
import { join } from 'node:path';
import { checkOptions, checkValue, option, type OptionRules } from '@bitgrad/core';
import { datasetFromCifarFiles, type CifarKind } from '../cifar.js';
import { limitSplit, type Dataset } from '../dataset.js';
import { createDigits } from '../digits/digits.js';
import { failure } from '../errors.js';
import { mapLabels } from '../labels.js';
import { datasetFromMnistFiles } from '../mnist.js';
import { findFile, listFolder, readNamed } from './files.js';
import { folderRules, loadImageFolder, type FolderOptions } from './folder.js';

/** The data sets that {@link loadDataset} knows, with what each needs. */
export const dataKinds = Object.freeze(['digits', 'mnist', 'cifar10', 'cifar100', 'folder'] as const);

/** One of {@link dataKinds}. */
export type DataKind = (typeof dataKinds)[number];

/** A parsed data spec; `directory` is set for every kind but `digits`. */
export interface DataSpec {
  readonly kind: DataKind;
  readonly directory?: string;
}

/** Options of {@link loadDataset}. */
export interface LoadOptions extends FolderOptions {
  /** Class names of a model: labels become those of the model, by name. */
  readonly classes?: readonly string[];
  /**
   * At most this many training images: the first ones after a shuffle by `seed`. For `digits` the number to make,
   * default 10,000.
   */
  readonly limit?: number;
  /** The same for test images; `digits` makes 2,000 by default. */
  readonly testLimit?: number;
  /** CIFAR-100: `fine` (100 classes, the default) or `coarse` (20). */
  readonly labels?: 'fine' | 'coarse';
}

const loadRules: OptionRules<LoadOptions> = { ...folderRules, labels: option.oneOf('fine', 'coarse') };

const usage = 'digits, mnist:DIR, cifar10:DIR, cifar100:DIR or folder:DIR';

/**
 * Parses a data spec.
 * @param spec `digits`, or a kind and a folder: `mnist:./data/mnist`
 * @throws BitgradError `unknown-name` for a kind that does not exist, `invalid-option` for a folder missing or too many
 */
export function parseDataSpec(spec: string): DataSpec {
  checkValue('datasets', 'data set', spec, option.required(option.string));
  const colon = spec.indexOf(':');
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const directory = colon < 0 ? '' : spec.slice(colon + 1);
  const known = dataKinds.find((name) => name === kind);
  if (known === undefined) {
    const near = dataKinds.find((name) => name === kind.toLowerCase().replace(/[-_ ]/g, ''));
    const path = colon < 0 && /[/\\.]/.test(spec);
    throw failure('unknown-name', 'data set', {
      got: spec,
      expected: usage,
      next: near
        ? `Did you mean ${near}?`
        : path
          ? `Say what the folder holds, as in mnist:${spec}.`
          : undefined,
    });
  }
  if (known === 'digits') {
    if (colon >= 0)
      throw failure('invalid-option', 'data set digits takes no folder', { got: spec, expected: 'digits' });
    return { kind: known };
  }
  if (directory === '')
    throw failure('invalid-option', `data set ${known} needs a folder`, {
      got: spec,
      expected: `${known}:DIR`,
    });
  return { kind: known, directory };
}

/**
 * Loads a data set from files (or makes `digits`).
 *
 * - `mnist:DIR`: `train-images-idx3-ubyte` and the other three, also written `train-images.idx3-ubyte`, also `.gz`.
 * - `cifar10:DIR`: any of `data_batch_1.bin` .. `data_batch_5.bin`, and `test_batch.bin`.
 * - `cifar100:DIR`: `train.bin` and `test.bin`.
 * - `folder:DIR`: see {@link loadImageFolder}; `size`, `channels`, `fit`, `background`, `invert`, `testFraction`, `threads`,
 *   `cache` and `onProgress` apply to it alone.
 * @throws BitgradError naming the file: `io`, `invalid-file`, `truncated-file`, `checksum-mismatch`, `limit-exceeded`;
 *   as {@link parseDataSpec} for the spec; `incompatible` as {@link mapLabels} when `classes` are given
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<Dataset> {
  const { kind, directory = '' } = parseDataSpec(spec);
  const { labels, ...folderOptions } = checkOptions('datasets', 'loadDataset', options, loadRules);
  if (kind === 'folder') return loadImageFolder(directory, folderOptions);
  const dataset = await loadOther(kind, directory, { ...folderOptions, labels });
  return options.classes ? mapLabels(dataset, options.classes) : dataset;
}

async function loadOther(
  kind: Exclude<DataKind, 'folder'>,
  directory: string,
  options: LoadOptions,
): Promise<Dataset> {
  const { limit, testLimit, seed = 0 } = options;
  if (kind === 'digits') return createDigits({ seed, train: limit, test: testLimit });
  const whole =
    kind === 'mnist' ? await loadMnist(directory, options) : await loadCifar(directory, kind, options);
  return Object.freeze({
    ...whole,
    train: limitSplit(whole.train, limit, seed),
    test: limitSplit(whole.test, testLimit, seed),
  });
}

const loadMnist = async (folder: string, { maxBytes }: LoadOptions): Promise<Dataset> => {
  const { files } = await listFolder(folder);
  const read = (split: string, part: string, rank: number, what: string) => {
    const names = [`${split}-${part}-idx${rank}-ubyte`, `${split}-${part}.idx${rank}-ubyte`];
    return readNamed(
      findFile(folder, files, [...names, ...names.map((name) => `${name}.gz`)], what),
      maxBytes,
    );
  };
  return datasetFromMnistFiles(
    {
      trainImages: await read('train', 'images', 3, 'training images'),
      trainLabels: await read('train', 'labels', 1, 'training labels'),
      testImages: await read('t10k', 'images', 3, 'test images'),
      testLabels: await read('t10k', 'labels', 1, 'test labels'),
    },
    { maxBytes },
  );
};

const loadCifar = async (
  folder: string,
  kind: CifarKind,
  { maxBytes, labels }: LoadOptions,
): Promise<Dataset> => {
  const { files } = await listFolder(folder);
  const [trainNames, testName] =
    kind === 'cifar10'
      ? [[1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`), 'test_batch.bin']
      : [['train.bin'], 'test.bin'];
  // A subset of the training batches is fine, none is not.
  const some = trainNames.filter((name) => files.includes(name)).map((name) => join(folder, name));
  const train = some.length > 0 ? some : [findFile(folder, files, trainNames, 'training batches')];
  const test = findFile(folder, files, [testName], 'test batch');
  return datasetFromCifarFiles(
    {
      train: await Promise.all(train.map((path) => readNamed(path, maxBytes))),
      test: [await readNamed(test, maxBytes)],
    },
    kind,
    { maxBytes, labels },
  );
};
