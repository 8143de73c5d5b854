// MNIST and everything in its format (Fashion-MNIST, KMNIST, EMNIST): four IDX files.
import { checkOptions, option, type OptionRules } from '@bitgrad/core';
import { limitRules, namedFile, type FileInput, type FileLimits } from './bytes.js';
import { createSplit, type Dataset, type Split } from './dataset.js';
import { fileFailure, integerOption } from './errors.js';
import { parseIdx } from './idx.js';

/** The four files, plain or gzip. */
export interface MnistFiles {
  readonly trainImages: FileInput;
  readonly trainLabels: FileInput;
  readonly testImages: FileInput;
  readonly testLabels: FileInput;
}

/** Options of {@link datasetFromMnistFiles}. */
export interface MnistOptions extends FileLimits {
  /** Default `mnist`. */
  readonly name?: string;
  /** Class names; default the ten digits. */
  readonly classes?: readonly string[];
}

const rules: OptionRules<MnistOptions> = {
  ...limitRules,
  name: option.string,
  classes: option.of(
    'a list of 1 to 256 names',
    (v) =>
      Array.isArray(v) && v.length >= 1 && v.length <= 256 && v.every((name) => typeof name === 'string'),
  ),
};

const fileRules: OptionRules<MnistFiles> = {
  trainImages: option.any,
  trainLabels: option.any,
  testImages: option.any,
  testLabels: option.any,
};

const digits = Object.freeze(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);

/**
 * One split from a file of images (IDX [n, height, width]) and a file of labels (IDX [n]).
 * @param classCount labels must be below it
 * @throws BitgradError naming the file: as {@link parseIdx}; `invalid-file` when the counts differ, a label is out of
 *   range, or there are no images
 */
export function splitFromIdx(
  images: FileInput,
  labels: FileInput,
  classCount = 10,
  limits: FileLimits = {},
): Split {
  integerOption('number of classes', classCount, 1, 256);
  checkOptions('datasets', 'splitFromIdx', limits, limitRules);
  const pixels = parseIdx(images, { ...limits, dimensions: 3 });
  const marks = parseIdx(labels, { ...limits, dimensions: 1 });
  const [count = 0, height = 0, width = 0] = pixels.dimensions;
  if (count === 0 || height === 0 || width === 0)
    throw fileFailure('invalid-file', pixels.name, 4, 'dimensions of the images', {
      got: pixels.dimensions,
      expected: 'each at least 1',
    });
  if (marks.dimensions[0] !== count)
    throw fileFailure('invalid-file', marks.name, 4, 'number of labels', {
      got: marks.dimensions[0],
      expected: `${count}, the number of images in ${pixels.name}`,
    });
  const wrong = marks.data.findIndex((label) => label >= classCount);
  if (wrong >= 0)
    throw fileFailure('invalid-file', marks.name, marks.dataOffset + wrong, `label of image ${wrong}`, {
      got: marks.data[wrong],
      expected: `0..${classCount - 1}`,
    });
  return createSplit(pixels.data, marks.data, [height, width, 1]);
}

/**
 * A data set from the contents of the four MNIST files.
 * @param files bytes of each, plain or gzip, with or without names
 * @throws BitgradError as {@link splitFromIdx}; `invalid-file` when training and test images differ in size
 */
export function datasetFromMnistFiles(files: MnistFiles, options: MnistOptions = {}): Dataset {
  checkOptions('datasets', 'datasetFromMnistFiles', options, rules);
  const given = checkOptions('datasets', 'files of datasetFromMnistFiles', files, fileRules);
  const { name = 'mnist', classes = digits, maxBytes } = options;
  const split = (images: FileInput, labels: FileInput, role: string) =>
    splitFromIdx(namedFile(images, `${role} images`), namedFile(labels, `${role} labels`), classes.length, {
      maxBytes,
    });
  const train = split(given.trainImages, given.trainLabels, 'training');
  const test = split(given.testImages, given.testLabels, 'test');
  if (train.shape.join() !== test.shape.join())
    throw fileFailure(
      'invalid-file',
      namedFile(given.testImages, 'test images').name,
      8,
      'size of the test images',
      {
        got: test.shape.slice(0, 2),
        expected: `${train.shape[0]} x ${train.shape[1]}, as in training`,
      },
    );
  return Object.freeze({ name, classes, shape: train.shape, train, test });
}
