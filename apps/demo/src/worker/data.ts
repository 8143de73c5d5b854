// The training data of a run: procedural digits, or what the visitor dropped: the MNIST files, the binary CIFAR files,
// or a folder of pictures with a subfolder for each class. Everything stays in the worker.
import { BitgradError } from '@bitgrad/core';
import {
  createDigits,
  datasetFromCifarFiles,
  datasetFromImages,
  datasetFromMnistFiles,
  limitSplit,
  type Dataset,
  type FileInput,
  type LabelledImage,
} from '@bitgrad/datasets';
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

const pathOf = (file: File): string => file.webkitRelativePath || file.name;
const isPicture = (file: File): boolean => /\.(png|jpe?g|webp|bmp|gif)$/i.test(file.name);

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

async function decode(file: File): Promise<LabelledImage['image']> {
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'demo',
      what: `${pathOf(file)}, whose bytes are no picture that this browser reads`,
      got: `${file.size} bytes`,
      expected: 'a PNG, JPEG, WebP, BMP or GIF picture',
      cause,
    });
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

const pictureSide = 32;

/** Every fifth picture of a class is held out, unless there are folders train and test. */
async function pictures(files: readonly File[], report: (text: string) => void): Promise<Dataset> {
  const found = files.filter(isPicture).map((file) => ({ file, path: pathOf(file).split('/') }));
  const classes = [...new Set(found.map(({ path }) => path.at(-2) ?? ''))].sort();
  if (classes.length < 2) throw wrong(`pictures of ${classes.length} class`);
  const splits = { train: [] as LabelledImage[], test: [] as LabelledImage[] };
  const seen = new Map<string, number>();
  for (const [i, { file, path }] of found.entries()) {
    const name = path.at(-2)!;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const parents = path.slice(0, -2).map((part) => part.toLowerCase());
    const isTest =
      parents.some((part) => /^(test|val)/.test(part)) || (!parents.includes('train') && count % 5 === 4);
    if (i % 50 === 0) report(`Reading picture ${i + 1} of ${found.length}`);
    splits[isTest ? 'test' : 'train'].push({ image: await decode(file), label: classes.indexOf(name) });
  }
  return datasetFromImages('pictures', classes, splits, { size: pictureSide });
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
      : files.some(isPicture)
        ? await pictures(files, report)
        : undefined;
  if (!set) throw wrong(names.slice(0, 6));
  return {
    ...set,
    train: limitSplit(set.train, images, seed),
    test: limitSplit(set.test, testImages, seed),
  };
}
