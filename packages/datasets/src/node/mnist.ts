// MNIST from a folder with its four files.
import { defineDataset, type CommonLoadOptions } from '../define.js';
import type { Dataset } from '../dataset.js';
import { datasetFromMnistFiles } from '../mnist.js';
import { findFile, listFolder, readNamed } from './files.js';

const load = async (folder: string, { maxBytes }: CommonLoadOptions): Promise<Dataset> => {
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

export const mnist = defineDataset({
  description: 'MNIST: train-images-idx3-ubyte and the other three files, also .gz',
  folder: true,
  load: ({ directory, ...options }) => load(directory, options),
});
