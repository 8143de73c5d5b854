// A split as somebody gives it. Nothing is converted in silence: floats, one-hot rows and names are useful data, but read
// as bytes and class numbers they would train on something else.
import type { ImageShape, Split } from './dataset.js';
import { failure, type FailureDetails } from './errors.js';

type Parts = Partial<Record<keyof Split, unknown>>;

/** `Uint8Array`, `Array`, `Object`, ...: also of a value from another realm, whose class is not ours. */
const kindOf = (x: unknown): string => Object.prototype.toString.call(x).slice(8, -1);
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || ArrayBuffer.isView(x);
const isTensor = (x: unknown): boolean => isObject(x) && typeof x['dataSync'] === 'function';

const wrong = (what: string, details: FailureDetails): never => {
  throw failure('invalid-option', { what, ...details });
};

const describe = (x: unknown): string => {
  if (isTensor(x)) return 'a tensor';
  if (!isList(x)) return x === undefined ? 'nothing' : kindOf(x) === 'Object' ? 'an object' : String(x);
  const shown = Array.from({ length: Math.min(3, x.length) }, (_, i) => JSON.stringify(x[i]));
  return `${kindOf(x)} [${shown.join(', ')}${x.length > 3 ? ', ...' : ''}]`;
};

/**
 * Checks the shape of one image.
 * @throws BitgradError `invalid-option`
 */
function checkImageShape(shape: unknown): asserts shape is ImageShape {
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every((s) => Number.isSafeInteger(s) && s > 0))
    wrong('image shape', {
      got: shape === undefined ? 'nothing' : shape,
      expected: '[height, width, channels], each at least 1',
      next: 'Rows of numbers that are no images have the shape [1, count, 1].',
    });
}

function checkImages(owner: string, images: unknown): asserts images is Uint8Array {
  const kind = kindOf(images);
  if (kind === 'Uint8Array' || kind === 'Uint8ClampedArray') return;
  const floats = kind.startsWith('Float') || isTensor(images);
  wrong(`images of ${owner}`, {
    got: describe(images),
    expected: 'a Uint8Array of bytes, 0 to 255',
    next: floats
      ? 'Of floats from 0 to 1: Uint8Array.from(values, (v) => Math.round(255 * v)); a network sees (byte - mean) / std by the option normalize.'
      : Array.isArray(images)
        ? 'Of numbers from 0 to 255: Uint8Array.from(numbers).'
        : undefined,
  });
}

const labelHint = (labels: unknown): string | undefined => {
  const [first] = isList(labels) ? [labels[0]] : [];
  if (typeof first === 'string')
    return 'Give class numbers: Uint8Array.from(names, (name) => classes.indexOf(name)).';
  if (isList(first))
    return 'One-hot rows: give the position of the 1, Uint8Array.from(rows, (row) => row.indexOf(1)).';
  if (isTensor(labels) || kindOf(labels).startsWith('Float'))
    return 'Give class numbers, counted from 0; values that are no classes (regression, several labels) are not supported.';
  if (!isList(labels)) return undefined;
  return 'Class numbers count from 0, none is negative: Uint8Array.from(numbers), or Uint16Array above 255.';
};

function checkLabelKind(owner: string, labels: unknown): asserts labels is Split['labels'] {
  if (['Uint8Array', 'Uint16Array'].includes(kindOf(labels))) return;
  wrong(`labels of ${owner}`, {
    got: describe(labels),
    expected: 'a Uint8Array or Uint16Array of class numbers, one an image',
    next: labelHint(labels),
  });
}

/** Whether labels are rows of one 1 and otherwise 0, one row an image. */
function isOneHot(labels: Split['labels'], images: number): boolean {
  const width = labels.length / images;
  if (!Number.isInteger(width) || width < 2) return false;
  let ones = 0;
  for (const label of labels) {
    if (label > 1) return false;
    ones += label;
  }
  return ones === images;
}

/**
 * Checks that bytes, labels and shape belong together.
 * @returns the number of images
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function checkParts(owner: string, { images, labels, shape }: Parts): number {
  checkImageShape(shape);
  checkImages(owner, images);
  checkLabelKind(owner, labels);
  const pixels = shape[0] * shape[1] * shape[2];
  if (images.length === labels.length * pixels) return labels.length;
  const count = images.length / pixels;
  throw failure('shape-mismatch', {
    what: `length of images for ${labels.length} labels of shape [${shape.join(', ')}]`,
    got: images.length,
    expected: String(labels.length * pixels),
    next: isOneHot(labels, count)
      ? `These are ${count} images with ${labels.length / count} labels each: one-hot rows? Give one class number an image.`
      : undefined,
  });
}

/**
 * Checks a split, made by `createSplit` or written as an object.
 * @param owner what it is used for, in messages: `evaluate`
 * @throws BitgradError `invalid-option` for what is no split, `shape-mismatch` for lengths that do not agree
 */
export function checkSplit(owner: string, split: unknown): asserts split is Split {
  const what = `split given to ${owner}`;
  const expected = '{ images, labels, size, shape }, as createSplit makes it';
  if (!isObject(split)) return wrong(what, { got: split === undefined ? 'nothing' : split, expected });
  if (typeof split['then'] === 'function')
    return wrong(what, { got: 'a promise', expected, next: 'Await it.' });
  if (!('images' in split) && isObject(split['train']))
    return wrong(what, {
      got: 'a whole data set',
      expected: 'one split',
      next: 'Give its train or its test.',
    });
  const size = checkParts(owner, split);
  if (split['size'] !== size)
    wrong(`size of the ${what}`, {
      got: split['size'] ?? 'nothing',
      expected: `${size}, the number of labels`,
      next: 'createSplit(images, labels, shape) fills it in.',
    });
}

/**
 * Checks that every label is a class.
 * @param classes number of classes: of outputs of the model
 * @throws BitgradError `invalid-option` that names the first image whose label is none
 */
export function checkLabels(owner: string, split: Split, classes: number): void {
  checkSplit(owner, split);
  const { labels } = split;
  const at = labels.findIndex((label) => label >= classes);
  if (at < 0) return;
  // Labels from 1 to the number of classes, and no 0, are counted from 1.
  const fromOne = labels.every((label) => label >= 1 && label <= classes);
  wrong(`label of image ${at} of the split given to ${owner}`, {
    got: labels[at],
    expected: `0 to ${classes - 1}: ${classes} classes`,
    next: fromOne
      ? 'The labels seem to count from 1: subtract 1.'
      : 'Give the model as many outputs as there are classes.',
  });
}
