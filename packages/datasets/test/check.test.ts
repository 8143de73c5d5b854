// Data as users have them: floats, one-hot rows, names, tensors, lengths that do not agree. Each is refused with what to
// do; none is read as something else.
import { expect, it } from 'vitest';
import {
  batchCount,
  batches,
  checkLabels,
  checkSplit,
  createDigits,
  createSplit,
  limitSplit,
  measureNormalization,
  selectImages,
  type Split,
} from '../src/index.js';
import { caught, ramp } from './helpers.js';

const shape = [2, 2, 1] as const;
const images = ramp(12);
const labels = Uint8Array.of(0, 1, 1);
const split = { images, labels, size: 3, shape };
const floats = Float32Array.from(images, (v) => v / 255);
const tensorLike = { dataSync: () => images };

const wrong: [name: string, parts: object, code: 'invalid-option' | 'shape-mismatch', message: RegExp][] = [
  [
    'floats',
    { images: floats },
    'invalid-option',
    /got "Float32Array.*Uint8Array of bytes.*Math\.round\(255 \* v\)/,
  ],
  ['a plain array', { images: [...images] }, 'invalid-option', /Uint8Array\.from\(numbers\)/],
  ['a tensor', { images: tensorLike }, 'invalid-option', /a tensor.*Uint8Array/],
  ['no images', { images: undefined }, 'invalid-option', /images of .*nothing/],
  ['negative labels', { labels: Int32Array.of(-1, 0, 1) }, 'invalid-option', /none is negative/],
  ['one-hot rows', { labels: [[1, 0], [0, 1], [0, 1]] }, 'invalid-option', /row\.indexOf\(1\)/], // prettier-ignore
  ['flat one-hot rows', { labels: Uint8Array.of(1, 0, 0, 1, 0, 1) }, 'shape-mismatch', /one-hot rows\?/],
  ['names', { labels: ['a', 'b', 'b'] }, 'invalid-option', /classes\.indexOf\(name\)/],
  ['numbers that are no classes', { labels: Float32Array.of(0, 0.5, 1) }, 'invalid-option', /regression/],
  ['too few labels', { labels: labels.slice(1) }, 'shape-mismatch', /got 12, expected 8/],
  ['too few images', { images: images.slice(4) }, 'shape-mismatch', /got 8, expected 12/],
  ['a shape of one number', { shape: [4] }, 'invalid-option', /\[height, width, channels\].*\[1, count, 1\]/],
  ['another shape', { shape: [2, 3, 1] }, 'shape-mismatch', /got 12, expected 18/],
  ['no shape', { shape: undefined }, 'invalid-option', /image shape: got "nothing"/],
];

it.each(wrong)(
  'refuses %s, in createSplit and in a split written as an object',
  (_, parts, code, message) => {
    const bad = { ...split, ...parts } as Split;
    caught(() => createSplit(bad.images, bad.labels, bad.shape), code, message);
    for (const use of [
      () => batches(bad, { batchSize: 1 }),
      () => batchCount(bad, { batchSize: 1 }),
      () => selectImages(bad, [0]),
      () => limitSplit(bad, 1),
      () => measureNormalization(bad),
      () => checkSplit('evaluate', bad),
    ])
      caught(use, code, message);
  },
);

it.each([
  [
    'no size',
    { ...split, size: undefined },
    /size of the split given to evaluate: got "nothing", expected 3/,
  ],
  ['a wrong size', { ...split, size: 2 }, /got 2, expected 3/],
  ['a whole data set', createDigits({ train: 1, test: 1 }), /a whole data set.*Give its train or its test/],
  ['a promise', Promise.resolve(split), /Await it/],
  ['nothing', undefined, /got "nothing"/],
])('refuses %s', (_, bad, message) => {
  caught(() => checkSplit('evaluate', bad), 'invalid-option', message);
});

it('names the image whose label is no class, and labels that count from 1', () => {
  checkLabels('evaluate', split, 2);
  const other = createSplit(images, Uint8Array.of(0, 2, 1), shape);
  caught(() => checkLabels('evaluate', other, 2), 'invalid-option', /label of image 1 .*got 2.*0 to 1/);
  const fromOne = createSplit(images, Uint8Array.of(1, 2, 1), shape);
  caught(() => checkLabels('evaluate', fromOne, 2), 'invalid-option', /count from 1: subtract 1/);
});

it('takes bytes of a canvas, of Node and of another realm', () => {
  const clamped = new Uint8ClampedArray(images) as unknown as Uint8Array;
  for (const bytes of [clamped, Buffer.from(images)]) {
    const [batch] = batches(createSplit(bytes, labels, shape), { batchSize: 3, shuffle: false });
    const [plain] = batches(createSplit(images, labels, shape), { batchSize: 3, shuffle: false });
    expect(batch!.images).toEqual(plain!.images);
  }
});
