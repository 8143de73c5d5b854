// A split as somebody gives it. Nothing is converted in silence: floats, one-hot rows and names are useful data, but read
// as bytes and class numbers they would train on something else.
import type { Examples, ImageShape } from './dataset.js';
import { failure, type FailureDetails } from './errors.js';

type Parts = Partial<Record<keyof Examples, unknown>>;

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
      next: 'Rows of bytes that are no images have the shape [1, count, 1]; floats are made by createExamples.',
    });
}

/** Shape of an example of floats, or of its labels. @throws BitgradError `invalid-option` */
function checkShape(what: string, shape: unknown, least: number): asserts shape is readonly number[] {
  const fits = Array.isArray(shape) && shape.length >= least && shape.length <= 4;
  if (!fits || !shape.every((s) => Number.isSafeInteger(s) && s > 0))
    wrong(what, {
      got: shape === undefined ? 'nothing' : shape,
      expected: `a list of ${least} to 4 sizes, each at least 1`,
    });
}

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The arrays of floats of a split. @throws BitgradError `invalid-option` */
function checkFloats(what: string, values: unknown): asserts values is Float32Array {
  if (kindOf(values) === 'Float32Array') return;
  wrong(what, {
    got: describe(values),
    expected: 'a Float32Array',
    next: Array.isArray(values) ? 'Of numbers: Float32Array.from(numbers).' : undefined,
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
      ? 'Of floats from 0 to 1: Uint8Array.from(values, (v) => Math.round(255 * v)); a network sees (byte - mean) / std by the option normalize. Floats that are to stay such: createExamples.'
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
    return "Give class numbers, counted from 0. Values (regression) or several labels are told by createExamples: kind: 'values' or 'labels'.";
  if (!isList(labels)) return undefined;
  return 'Class numbers count from 0, none is negative: Uint8Array.from(numbers), or Uint16Array above 255.';
};

function checkLabelKind(owner: string, labels: unknown): void {
  if (['Uint8Array', 'Uint16Array'].includes(kindOf(labels))) return;
  wrong(`labels of ${owner}`, {
    got: describe(labels),
    expected: 'a Uint8Array or Uint16Array of class numbers, one an image',
    next: labelHint(labels),
  });
}

/** Whether labels are rows of one 1 and otherwise 0, one row an image. */
function isOneHot(labels: Uint8Array, images: number): boolean {
  const width = labels.length / images;
  if (!Number.isInteger(width) || width < 2) return false;
  let ones = 0;
  for (const label of labels) {
    if (label > 1) return false;
    ones += label;
  }
  return ones === images;
}

/** Labels of an example and how many numbers they are. @throws BitgradError `invalid-option` */
function checkTargets(owner: string, { labels, kind = 'class', labelShape = [] }: Parts): number {
  checkShape(`labelShape of ${owner}`, labelShape, kind === 'class' ? 0 : 1);
  if (kind === 'class') checkLabelKind(owner, labels);
  else if (kind === 'values') checkFloats(`labels of ${owner}, of kind values,`, labels);
  else if (kind !== 'labels') wrong(`kind of ${owner}`, { got: kind, expected: 'class, labels or values' });
  else if (kindOf(labels) !== 'Uint8Array' || (labels as Uint8Array).some((v) => v > 1))
    wrong(`labels of ${owner}, of kind labels,`, {
      got: describe(labels),
      expected: 'a Uint8Array of 0 and 1',
    });
  return elements(labelShape);
}

const lengthMismatch = (what: string, got: number, expected: number, next?: string): never => {
  throw failure('shape-mismatch', { what, got, expected: String(expected), next });
};

/**
 * Checks that inputs, labels, weights and shapes belong together.
 * @returns the number of examples
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function checkParts(owner: string, parts: Parts): number {
  const { images, labels, shape, type = 'u8', weights, more } = parts;
  if (type === 'f32') {
    checkShape(`shape of ${owner}`, shape, 1);
    checkFloats(`inputs of ${owner}`, images);
  } else {
    checkImageShape(shape);
    checkImages(owner, images);
  }
  const each = checkTargets(owner, parts);
  const of = elements(shape);
  const { length } = labels as Uint8Array;
  const count = images.length / of;
  if (count * each !== length) {
    const next = each === 1 && type === 'u8' && isOneHot(labels as Uint8Array, count) ? oneHotHint(count, length) : undefined; // prettier-ignore
    lengthMismatch(`length of images for ${length} labels of shape [${shape.join(', ')}]`, images.length, (length / each) * of, next); // prettier-ignore
  }
  if (weights !== undefined) {
    checkFloats(`weights of ${owner}`, weights);
    if (weights.length !== count) lengthMismatch(`weights of ${owner}`, weights.length, count);
    const at = weights.findIndex((v) => !(v >= 0 && v < Infinity));
    if (at >= 0) wrong(`weight ${at} of ${owner}`, { got: weights[at], expected: 'a number, 0 or more' });
  }
  if (more !== undefined && !Array.isArray(more))
    wrong(`more of ${owner}`, { got: more, expected: 'a list of { values, shape }' });
  for (const further of (more ?? []) as Record<string, unknown>[]) {
    const { values, shape: own } = further ?? {};
    checkShape(`shape of a further input of ${owner}`, own, 1);
    checkFloats(`a further input of ${owner}`, values);
    if (values.length !== count * elements(own))
      lengthMismatch(`length of a further input of ${owner}`, values.length, count * elements(own));
  }
  return count;
}

const oneHotHint = (images: number, labels: number): string =>
  `These are ${images} images with ${labels / images} labels each: one-hot rows? Give one class number an image.`;

/** @throws BitgradError `not-finite` that names the first number which is none */
export function checkFinite(owner: string, { images, labels, more = [], size }: Examples): void {
  const arrays = { inputs: images, labels, ...Object.fromEntries(more.map(({ values }, i) => [`input ${i + 2}`, values])) }; // prettier-ignore
  for (const [name, values] of Object.entries(arrays)) {
    const at = values instanceof Float32Array ? values.findIndex((v) => !Number.isFinite(v)) : -1;
    if (at < 0) continue;
    const width = values.length / size;
    throw failure('not-finite', {
      what: `number ${at % width} of example ${Math.floor(at / width)} (${name} of ${owner})`,
      got: values[at],
      expected: 'finite numbers',
      next: 'Leave such examples out, or fill in what is missing.',
    });
  }
}

/**
 * Checks a split, made by `createSplit` or written as an object.
 * @param owner what it is used for, in messages: `evaluate`
 * @throws BitgradError `invalid-option` for what is no split, `shape-mismatch` for lengths that do not agree
 */
export function checkSplit(owner: string, split: unknown): asserts split is Examples {
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
export function checkLabels(owner: string, split: Examples, classes: number): void {
  checkSplit(owner, split);
  const { labels, kind = 'class' } = split;
  if (kind !== 'class') return;
  const at = labels.findIndex((label) => label >= classes);
  if (at < 0) return;
  // Labels from 1 to the number of classes, and no 0, are counted from 1.
  const fromOne = labels.every((label) => label >= 1 && label <= classes);
  wrong(`label of image ${Math.floor((at * split.size) / labels.length)} of the split given to ${owner}`, {
    got: labels[at],
    expected: `0 to ${classes - 1}: ${classes} classes`,
    next: fromOne
      ? 'The labels seem to count from 1: subtract 1.'
      : 'Give the model as many outputs as there are classes.',
  });
}
