// CIFAR-10 and CIFAR-100 from folders with their binary files.
import { join } from 'node:path';
import { option } from '@bitgrad/core';
import { datasetFromCifarFiles, type CifarKind } from '../cifar.js';
import type { Dataset } from '../dataset.js';
import { defineDataset, type CommonLoadOptions } from '../define.js';
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

export const cifar10 = defineDataset({
  description: 'CIFAR-10: any of data_batch_1.bin .. data_batch_5.bin, and test_batch.bin',
  folder: true,
  load: ({ directory, ...options }) => load(directory, 'cifar10', options),
});

export const cifar100 = defineDataset<Cifar100Options>({
  description: 'CIFAR-100: train.bin and test.bin',
  folder: true,
  options: { labels: option.oneOf('fine', 'coarse') },
  load: ({ directory, ...options }) => load(directory, 'cifar100', options),
});
