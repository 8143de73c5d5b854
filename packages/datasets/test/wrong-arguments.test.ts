// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import * as node from '../src/node.js';
import { idx, ramp } from './helpers.js';

const split = () => exports.createSplit(ramp(12), Uint8Array.of(0, 1, 1), [2, 2, 1]);
const picture = () => ({ width: 2, height: 1, data: ramp(8) });
const dataset = () => exports.datasetFromImages('mine', ['a', 'b'], { train: [{ image: picture(), label: 1 }], test: [] }, { size: 2 }); // prettier-ignore
const images = idx([1, 2, 2], ramp(4));
const labels = idx([1], [0]);
const record = ramp(3073);

it('every exported function works or raises a BitgradError', async () => {
  expect(
    await wrongCalls(exports, {
      cases: {
        createDigits: {
          args: () => [{ seed: 0, train: 1, test: 1 }],
          options: 0,
          without: ['undefined', 'object'],
        },
        digitsSplit: { args: () => [{ seed: 0, split: 'train', start: 0, size: 1 }], options: 0 },
        drawDigit: { args: () => [{ seed: 0, split: 'train', index: 0 }], options: 0 },
        createSplit: { args: () => [ramp(4), Uint8Array.of(0), [2, 2, 1]] },
        limitSplit: { args: () => [split(), 2, 0] },
        selectImages: { args: () => [split(), [0]] },
        checkSplit: { args: () => ['test', split()] },
        checkLabels: { args: () => ['test', split(), 2] },
        batches: {
          args: () => [split(), { batchSize: 1, augment: { shift: 1 }, normalize: { mean: [0], std: [1] } }],
          options: 1,
        },
        batchCount: { args: () => [split(), { batchSize: 1 }], options: 1 },
        epochOrder: { args: () => [3, { epoch: 1, seed: 0 }], options: 1 },
        measureNormalization: { args: () => [split()] },
        normalizationTable: { args: () => [{ mean: [0], std: [1] }, 1] },
        parseIdx: { args: () => [images, { dimensions: 3 }], options: 1 },
        splitFromIdx: { args: () => [images, labels, 10, { maxBytes: 99 }], options: 3 },
        datasetFromMnistFiles: {
          args: () => [
            { trainImages: images, trainLabels: labels, testImages: images, testLabels: labels },
            { name: 'x' },
          ],
          options: 1,
        },
        parseCifar: { args: () => [[record], 'cifar10', { labels: 'fine' }], options: 2 },
        datasetFromCifarFiles: {
          args: () => [{ train: [record], test: [record] }, 'cifar10', { labels: 'fine' }],
          options: 2,
        },
        resizeImage: { args: () => [picture(), { size: 2 }], options: 1 },
        splitFromImages: { args: () => [[{ image: picture(), label: 0 }], 2, { size: 2 }], options: 2 },
        datasetFromImages: {
          args: () => [
            'mine',
            ['a', 'b'],
            { train: [{ image: picture(), label: 0 }], test: [] },
            { size: 2 },
          ],
          options: 3,
        },
        datasetFromSounds: {
          args: () => [
            'mine',
            ['a', 'b'],
            { train: [{ samples: new Int16Array(800), sampleRate: 8000, label: 1 }], test: [] },
            { copies: 2, noises: 5, seed: 1 },
          ],
          options: 3,
        },
        createNoise: { args: () => ['hum', 10, 8000, 1] },
        readWav: { args: () => [ramp(44), { maxBytes: 99 }], options: 1 },
        mapLabels: { args: () => [dataset(), ['b', 'a']] },
        arrangePictures: {
          args: () => ['x', ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png'], { seed: 1 }],
          options: 2,
        },
      },
    }),
  ).toEqual([]);
});

it('so does every exported function of the Node entry', async () => {
  const file = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', 'base64'); // prettier-ignore
  expect(
    await wrongCalls(node, {
      cases: {
        decodeImage: { args: () => ['a.png', file, 100] },
        parseDataSpec: { args: () => ['digits'] },
        loadDataset: {
          args: () => ['digits', { limit: 1, testLimit: 1 }],
          options: 1,
          without: ['undefined', 'object'],
        },
        getData: { args: () => ['nothing', 'nowhere', { tries: 1 }], options: 2 },
        loadSounds: { args: () => ['nowhere', { copies: 2 }], options: 1 },
        readRecording: { args: () => ['nowhere.wav', 99] },
        loadImageFolder: { args: () => ['nowhere', { size: 2 }], options: 1 },
      },
    }),
  ).toEqual([]);
});
