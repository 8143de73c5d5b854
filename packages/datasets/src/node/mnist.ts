// MNIST, and data sets in its format, from a folder with its four files.
import { defineDataset, type CommonLoadOptions, type DatasetDefinition } from '../define.js';
import type { Dataset } from '../dataset.js';
import { datasetFromMnistFiles } from '../mnist.js';
import type { RemoteFile } from '../source.js';
import { findFile, listFolder, readNamed } from './files.js';

const load = async (
  folder: string,
  { maxBytes }: CommonLoadOptions,
  own: { name: string; classes?: readonly string[] },
): Promise<Dataset> => {
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
    { maxBytes, ...own },
  );
};

/** What a data set of MNIST's format has of its own. */
export interface MnistLike {
  readonly name: string;
  /** In words. */
  readonly title: string;
  readonly classes?: readonly string[];
  readonly page: string;
  readonly licence: string;
  /** Addresses of the folder that has the four files. */
  readonly mirrors: readonly string[];
  /** MD5 of train-images, train-labels, t10k-images and t10k-labels as .gz. */
  readonly md5: readonly [string, string, string, string];
}

const published = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];

/** A data set of four IDX files. */
export function mnistLike(set: MnistLike): DatasetDefinition {
  const { name, title, classes, page, licence, mirrors, md5 } = set;
  const files = published.map((file, i): RemoteFile => {
    const gz = `${file}-ubyte.gz`;
    return { name: gz, urls: mirrors.map((url) => `${url}/${gz}`), sum: { algorithm: 'md5', hex: md5[i]! } };
  });
  return defineDataset({
    description: `${title}: train-images-idx3-ubyte and the other three files, also .gz`,
    folder: true,
    source: { page, licence, files },
    load: ({ directory, ...options }) => load(directory, options, { name, classes }),
  });
}

// The sums are those of torchvision's datasets/mnist.py.
export const mnist = mnistLike({
  name: 'mnist',
  title: 'MNIST',
  page: 'http://yann.lecun.com/exdb/mnist/',
  licence: 'CC BY-SA 3.0, says the documentation of Keras; its page says none',
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist',
    'https://storage.googleapis.com/cvdf-datasets/mnist',
  ],
  md5: [
    'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    'd53e105ee54ea40749a09fcbcd1e9432',
    '9fb629c4189551a2d022fa330f9573f3',
    'ec29112dd5afa0611ce80d1b7f02629c',
  ],
});
