// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { idx, ramp } from './helpers.js';

const split = () => exports.createSplit(ramp(12), Uint8Array.of(0, 1, 1), [2, 2, 1]);
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
      },
      skip: {
        datasetFromImages: 'pictures have a test of their own',
        splitFromImages: 'pictures have a test of their own',
        resizeImage: 'pictures have a test of their own',
      },
    }),
  ).toEqual([]);
});
