// The data sets of folders, and data sets by a short text in Node. A new one is a file and its name here.
import { definePlugin, registryWith } from '@bitgrad/core';
import type { Dataset, Examples, Split } from '../dataset.js';
import * as registered from '../load.js';
import { datasetsPlugin } from '../plugin.js';
import { csv } from './csv.js';
import type { TableOptions } from '../csv.js';
import { cifar10, cifar100, type Cifar100Options } from './cifar.js';
import { fashionMnist } from './fashion-mnist.js';
import { imageFolder, type FolderOptions } from './folder.js';
import { kmnist } from './kmnist.js';
import { mnist } from './mnist.js';
import { audio, type SoundFolderOptions } from './sounds.js';

/** Options of {@link loadDataset}: those of every data set, and of those of this package. */
export interface LoadOptions extends FolderOptions, Cifar100Options, TableOptions, SoundFolderOptions {}

/** The plugin of this entry; {@link loadDataset} registers it where it is not. */
export const nodeDatasetsPlugin = definePlugin({
  name: '@bitgrad/datasets/node',
  version: '0.0.0',
  datasets: {
    mnist,
    'fashion-mnist': fashionMnist,
    kmnist,
    cifar10,
    cifar100,
    folder: imageFolder,
    csv,
    audio,
  },
});

/** Registers the plugins of this package where they are not. */
export const registerAll = (): void => [datasetsPlugin, nodeDatasetsPlugin].forEach(registryWith);

/** As {@link registered.parseDataSpec}, with the data sets of this entry. */
export function parseDataSpec(spec: string): registered.DataSpec {
  registerAll();
  return registered.parseDataSpec(spec);
}

/**
 * Loads a data set from files (or makes `digits`).
 *
 * - `mnist:DIR`: `train-images-idx3-ubyte` and the other three, also written `train-images.idx3-ubyte`, also `.gz`.
 *   `fashion-mnist:DIR` and `kmnist:DIR` have the same format.
 * - `cifar10:DIR`: any of `data_batch_1.bin` .. `data_batch_5.bin`, and `test_batch.bin`.
 * - `cifar100:DIR`: `train.bin` and `test.bin`.
 * - `folder:DIR`: see {@link loadImageFolder}; `size`, `channels`, `fit`, `background`, `invert`, `testFraction`, `threads`,
 *   `cache` and `onProgress` apply to it alone.
 * - `csv:FILE`: see {@link datasetFromCsv}; `target`, `targetKind`, `weight`, `window` and `windowStep` apply to it alone.
 * - `audio:DIR`: see {@link loadSounds}; `sound`, `copies` and `testSpeaker` apply to it alone.
 * - whatever registered plugins offer.
 * @throws BitgradError naming the file: `io`, `invalid-file`, `truncated-file`, `checksum-mismatch`, `limit-exceeded`;
 *   as {@link parseDataSpec} for the spec; `incompatible` as {@link mapLabels} when `classes` are given
 */
export async function loadDataset<S extends Examples = Split>(
  spec: string,
  options: LoadOptions = {},
): Promise<Dataset<S>> {
  registerAll();
  return registered.loadDataset<LoadOptions, S>(spec, options);
}
