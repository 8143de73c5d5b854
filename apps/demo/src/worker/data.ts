// The training data of a run: procedural digits, or what the visitor dropped: the MNIST files, the binary CIFAR files,
// or a folder of pictures with a subfolder for each class. Everything stays in the worker.
import { pixelsOf } from '@bitgrad/classify';
import { BitgradError, pictureSettings, type Pixels } from '@bitgrad/core';
import {
  arrangePictures,
  createDigits,
  createSplit,
  datasetFromCifarFiles,
  datasetFromMnistFiles,
  limitSplit,
  resizeImage,
  type Dataset,
  type FileInput,
  type PictureItem,
  type Split,
} from '@bitgrad/datasets';
import { isPicture } from '../shared/folders.js';
import type { TrainSettings } from './protocol.js';

const wrong = (got: unknown): BitgradError =>
  new BitgradError({
    code: 'invalid-file',
    source: 'demo',
    what: 'data of the dropped files',
    got,
    expected:
      'the four MNIST files (idx-ubyte, also .gz), CIFAR-10 batches (.bin), or a folder with one subfolder of pictures for each class',
  });

const read = async (file: File): Promise<FileInput> => ({
  name: file.name,
  bytes: new Uint8Array(await file.arrayBuffer()),
});

async function mnist(files: readonly File[]): Promise<Dataset> {
  const find = (split: RegExp, kind: RegExp): File => {
    const file = files.find(({ name }) => split.test(name) && kind.test(name));
    if (!file) throw wrong(files.map(({ name }) => name));
    return file;
  };
  const [train, test, images, labels] = [/train/i, /t10k|test/i, /images/i, /labels/i] as const;
  return datasetFromMnistFiles({
    trainImages: await read(find(train, images)),
    trainLabels: await read(find(train, labels)),
    testImages: await read(find(test, images)),
    testLabels: await read(find(test, labels)),
  });
}

async function cifar(files: readonly File[]): Promise<Dataset> {
  const bins = files
    .filter(({ name }) => /\.bin(\.gz)?$/i.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const test = bins.filter(({ name }) => /test/i.test(name));
  const train = bins.filter((file) => !test.includes(file));
  if (train.length === 0 || test.length === 0) throw wrong(files.map(({ name }) => name));
  const kind = bins.some(({ name }) => /^train\.bin/i.test(name)) ? 'cifar100' : 'cifar10';
  return datasetFromCifarFiles(
    { train: await Promise.all(train.map(read)), test: await Promise.all(test.map(read)) },
    kind,
  );
}

/** Pixels of a picture, whose name is its path. */
async function decode(file: File): Promise<Pixels> {
  const canvas = (await pixelsOf(file)) as OffscreenCanvas;
  return canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
}

const pictureSide = 32;

/** Paths within the folder that was dropped, where all are in one. */
function pathsIn(files: readonly File[]): Map<string, File> {
  const paths = files.map(({ name }) => name);
  const top = paths[0]!.split('/')[0]!;
  const one = paths.every((path) => path.startsWith(`${top}/`));
  return new Map(files.map((file, i) => [one ? paths[i]!.slice(top.length + 1) : paths[i]!, file]));
}

/** Classes and splits as `bitgrad train --data folder:` finds them; one picture at a time is in memory. */
async function pictures(
  files: readonly File[],
  seed: number,
  report: (text: string) => void,
): Promise<Dataset> {
  const found = pathsIn(files);
  const { classes, train, test, notes } = arrangePictures('the dropped folder', [...found.keys()], { seed });
  const total = train.length + test.length;
  let done = 0;
  const split = async (items: readonly PictureItem[]): Promise<Split> => {
    const pixels = pictureSide * pictureSide * 3;
    const images = new Uint8Array(items.length * pixels);
    for (const [i, { path }] of items.entries()) {
      if (done++ % 50 === 0) report(`Reading picture ${done} of ${total}`);
      images.set(resizeImage(await decode(found.get(path)!), { size: pictureSide }), i * pixels);
    }
    const labels = items.map(({ label }) => label);
    const kind = classes.length > 256 ? Uint16Array : Uint8Array;
    return createSplit(images, kind.from(labels), [pictureSide, pictureSide, 3]);
  };
  const splits = { train: await split(train), test: await split(test) };
  for (const note of notes) report(note);
  const { shape } = splits.train;
  return { name: 'pictures', classes, shape, ...splits, picture: pictureSettings(), notes };
}

/**
 * The data of a run.
 * @param report called with what is being done, in words
 * @throws BitgradError that names the file that is wrong
 */
export async function openData(
  { data, images, testImages, seed }: TrainSettings,
  files: readonly File[],
  report: (text: string) => void,
): Promise<Dataset> {
  if (data === 'digits') return createDigits({ seed, train: images, test: testImages });
  if (files.length === 0) throw wrong('no files');
  const names = files.map(({ name }) => name);
  const set = names.some((name) => /idx\d-ubyte/i.test(name))
    ? await mnist(files)
    : names.some((name) => /\.bin(\.gz)?$/i.test(name))
      ? await cifar(files)
      : names.some(isPicture)
        ? await pictures(files, seed, report)
        : undefined;
  if (!set) throw wrong(names.slice(0, 6));
  return {
    ...set,
    train: limitSplit(set.train, images, seed),
    test: limitSplit(set.test, testImages, seed),
  };
}
