// CIFAR-10 and CIFAR-100 from folders with their binary files.
import { join } from 'node:path';
import { explained, option } from '@bitgrad/core';
import { datasetFromCifarFiles, type CifarKind } from '../cifar.js';
import type { Dataset } from '../dataset.js';
import { defineDataset, type CommonLoadOptions } from '../define.js';
import type { DataSource } from '../source.js';
import { findFile, listFolder, readNamed } from './files.js';

/** Options of `cifar100`. */
export interface Cifar100Options {
  /** `fine` (100 classes, the default) or `coarse` (20). */
  readonly labels?: 'fine' | 'coarse';
}

const load = async (
  folder: string,
  kind: CifarKind,
  { maxBytes, labels }: CommonLoadOptions & Cifar100Options,
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

const bytesOf = (label: number, images: number): number => images * (label + 3 * 32 * 32);

// Sums are those of the page; sizes of the archives those of their copies in mirrors.
const source = (
  name: string,
  bytes: number,
  md5: string,
  unpack: Readonly<Record<string, number>>,
): DataSource => ({
  page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
  licence: 'none is stated',
  files: [
    {
      name,
      urls: ['https://www.cs.toronto.edu/~kriz', 'https://cave.cs.toronto.edu/kriz'].map(
        (url) => `${url}/${name}`,
      ),
      sum: { algorithm: 'md5', hex: md5 },
      bytes,
      unpack,
    },
  ],
});

export const cifar10 = defineDataset({
  description: 'CIFAR-10: any of data_batch_1.bin .. data_batch_5.bin, and test_batch.bin',
  folder: true,
  source: source('cifar-10-binary.tar.gz', 170_052_171, 'c32a1d4ab5d03f1284b67883e8d87530', {
    ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, bytesOf(1, 10_000)])),
    'test_batch.bin': bytesOf(1, 10_000),
  }),
  load: ({ directory, ...options }) => load(directory, 'cifar10', options),
});

export const cifar100 = defineDataset<Cifar100Options>({
  description: 'CIFAR-100: train.bin and test.bin',
  folder: true,
  source: source('cifar-100-binary.tar.gz', 168_513_733, '03b5dce01913d631647c71ecec9e9cb8', {
    'train.bin': bytesOf(2, 50_000),
    'test.bin': bytesOf(2, 10_000),
  }),
  options: { labels: explained(option.oneOf('fine', 'coarse'), '100 classes, or 20 superclasses', 'fine') },
  load: ({ directory, ...options }) => load(directory, 'cifar100', options),
});
