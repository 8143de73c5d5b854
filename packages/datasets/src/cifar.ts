// CIFAR-10 and CIFAR-100, binary version: records of one (or two) label bytes and 3,072 pixels, the red plane first,
// then green, then blue. Pixels are interleaved here, since everything else is [height, width, channels].
import { checkOptions, option, type OptionRules } from '@bitgrad/core';
import { limitRules, openFile, type FileInput, type FileLimits, type OpenedFile } from './bytes.js';
import { cifar100Coarse, cifar100Fine, cifar10Classes } from './cifar-classes.js';
import { createSplit, type Dataset, type ImageShape, type Split } from './dataset.js';
import { failure, fileFailure } from './errors.js';

/** Which of the two data sets. */
export type CifarKind = 'cifar10' | 'cifar100';

/** Options of {@link parseCifar} and {@link datasetFromCifarFiles}. */
export interface CifarOptions extends FileLimits {
  /** CIFAR-100 has two labels an image: `fine` (100 classes, the default) and `coarse` (20). */
  readonly labels?: 'fine' | 'coarse';
}

/** The files of a CIFAR data set: any number of batches each. */
export interface CifarFiles {
  readonly train: readonly FileInput[];
  readonly test: readonly FileInput[];
}

const rules: OptionRules<CifarOptions> = { ...limitRules, labels: option.oneOf('fine', 'coarse') };

const plane = 32 * 32;
const shape: ImageShape = [32, 32, 3];
const labelBytes = { cifar10: 1, cifar100: 2 } as const;

const classNames = (kind: CifarKind, labels: 'fine' | 'coarse'): readonly string[] => {
  if (kind === 'cifar10') return cifar10Classes;
  return labels === 'coarse' ? cifar100Coarse : cifar100Fine;
};

/**
 * Reads binary CIFAR batches, plain or gzip, one after the other.
 * @param inputs at least one file
 * @param kind record layout: 1 + 3072 bytes for `cifar10`, 2 + 3072 for `cifar100`
 * @returns images uint8 [n, 32, 32, 3]
 * @throws BitgradError naming file and offset: `truncated-file`, `invalid-file`, `checksum-mismatch`, `limit-exceeded`;
 *   `invalid-option` for no files or an unknown kind
 * @see A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009
 */
export function parseCifar(inputs: readonly FileInput[], kind: CifarKind, options: CifarOptions = {}): Split {
  const { labels: which = 'fine' } = checkOptions('datasets', 'parseCifar', options, rules);
  if (typeof kind !== 'string' || !Object.hasOwn(labelBytes, kind))
    throw failure('invalid-option', { what: 'kind of CIFAR', got: kind, expected: 'cifar10 or cifar100' });
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw failure('invalid-option', {
      what: 'CIFAR files',
      got: Array.isArray(inputs) ? 'none' : inputs,
      expected: 'a list of at least one',
    });
  const files = (inputs as readonly FileInput[]).map((input, i) =>
    openFile(input, `CIFAR batch ${i + 1}`, options),
  );
  const record = labelBytes[kind] + 3 * plane;
  for (const file of files) checkRecords(file, kind, record);
  const total = files.reduce((sum, file) => sum + file.bytes.length / record, 0);
  if (total * 3 * plane > (files[0]?.maxBytes ?? 0))
    throw failure('limit-exceeded', {
      what: 'CIFAR batches together',
      got: `${total} images`,
      expected: `at most ${files[0]?.maxBytes} bytes`,
    });

  const images = new Uint8Array(total * 3 * plane);
  const labels = new Uint8Array(total);
  const names = classNames(kind, which);
  const labelAt = kind === 'cifar100' && which === 'fine' ? 1 : 0;
  let n = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += record, n++) {
      const label = bytes[at + labelAt] ?? 0;
      if (label >= names.length)
        throw fileFailure('invalid-file', name, at + labelAt, `label of record ${at / record}`, {
          got: label,
          expected: `0..${names.length - 1}`,
          next: `Is this a ${kind} file?`,
        });
      labels[n] = label;
      const red = at + labelBytes[kind];
      for (let p = 0, out = n * 3 * plane; p < plane; p++) {
        images[out++] = bytes[red + p] ?? 0;
        images[out++] = bytes[red + plane + p] ?? 0;
        images[out++] = bytes[red + 2 * plane + p] ?? 0;
      }
    }
  }
  return createSplit(images, labels, shape);
}

const checkRecords = ({ name, bytes }: OpenedFile, kind: CifarKind, record: number): void => {
  // The Python version of CIFAR is a pickle: protocol marker 0x80, and it is the usual wrong download.
  if (bytes[0] === 0x80)
    throw fileFailure('invalid-file', name, 0, 'a Python pickle', {
      got: '80',
      expected: `a label byte of ${kind}`,
      next: 'Use the binary version of the data set ("CIFAR-10 binary version (suitable for C programs)").',
    });
  const rest = bytes.length % record;
  if (rest === 0) return;
  const other: CifarKind = kind === 'cifar10' ? 'cifar100' : 'cifar10';
  const fitsOther = bytes.length % (labelBytes[other] + 3 * plane) === 0;
  throw fileFailure(
    'truncated-file',
    name,
    bytes.length,
    `the last record is incomplete (it starts at byte ${bytes.length - rest})`,
    {
      got: `${bytes.length} bytes`,
      expected: `a multiple of ${record}, the size of a ${kind} record`,
      next: fitsOther ? `The length fits ${other}.` : 'Fetch the file again.',
    },
  );
};

/**
 * A data set from the contents of binary CIFAR files.
 * @param files training and test batches, in order
 * @throws BitgradError as {@link parseCifar}
 */
export function datasetFromCifarFiles(
  files: CifarFiles,
  kind: CifarKind,
  options: CifarOptions = {},
): Dataset {
  const given = checkOptions('datasets', 'files of datasetFromCifarFiles', files, {
    train: option.any,
    test: option.any,
  });
  const train = parseCifar(given.train, kind, options);
  const test = parseCifar(given.test, kind, options);
  return Object.freeze({
    name: kind,
    classes: classNames(kind, options.labels ?? 'fine'),
    shape,
    train,
    test,
  });
}
