// The published MNIST and a part of CIFAR-10, where BITGRAD_TEST_DATA names their folder.
import { statSync } from 'node:fs';
import { testData } from '@bitgrad/tooling/test-data';
import { expect, it } from 'vitest';
import { batches, limitSplit, measureNormalization, type Dataset } from '../src/index.js';
import { loadDataset } from '../src/node.js';

const [mnist, cifar] = [testData('mnist'), testData('cifar10-subset')];

let whole: Dataset | undefined;

it('reads the whole of MNIST', async ({ skip }) => {
  skip(mnist.missing !== '', mnist.missing);
  const set = (whole = await loadDataset(`mnist:${mnist.folder}`));
  expect([set.train.size, set.test.size, ...set.shape]).toEqual([60_000, 10_000, 28, 28, 1]);
  // Published class counts of the training labels, and the first labels of both files.
  const counts = Array.from({ length: 10 }, (_, c) => set.train.labels.filter((label) => label === c).length);
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  expect([...set.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
  expect([...set.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  // The mean and deviation that everybody quotes: 0.1307 and 0.3081 of full scale.
  const { mean, std } = measureNormalization(set.train);
  expect(mean[0]! / 255).toBeCloseTo(0.1307, 4);
  expect(std[0]! / 255).toBeCloseTo(0.3081, 4);
});

it('reads CIFAR-10 records with the channels in their places', async ({ skip }) => {
  skip(cifar.missing !== '', cifar.missing);
  const set = await loadDataset(`cifar10:${cifar.folder}`);
  expect(set.train.size).toBe(statSync(`${cifar.folder}/data_batch_1.bin`).size / 3073);
  expect(set.shape).toEqual([32, 32, 3]);
  for (let c = 0; c < 10; c++) expect(set.train.labels.filter((label) => label === c)).toHaveLength(1000);
  // The quoted channel means are 0.491, 0.482, 0.447: red over green over blue.
  const { mean } = measureNormalization(set.train);
  mean.forEach((value, c) => expect(Math.abs(value / 255 - [0.491, 0.482, 0.447][c]!)).toBeLessThan(0.015));
  // In photographs neighbours are alike: a wrong interleaving would break this.
  const [batch] = batches(set.train, { batchSize: 500, normalize: { mean: [0], std: [1] } });
  let difference = 0;
  const { images } = batch!;
  for (let i = 3; i < images.length; i++)
    if (Math.floor(i / 96) === Math.floor((i - 3) / 96)) difference += Math.abs(images[i]! - images[i - 3]!);
  expect(difference / images.length).toBeLessThan(20);
});

it('limits are reproducible on real data', async ({ skip }) => {
  skip(mnist.missing !== '', mnist.missing);
  const limited = await loadDataset(`mnist:${mnist.folder}`, { limit: 500, testLimit: 100, seed: 1 });
  const again = limitSplit(whole!.train, 500, 1);
  expect(Buffer.from(limited.train.images).equals(again.images)).toBe(true);
  expect(Buffer.from(limited.train.images).equals(limitSplit(whole!.train, 500, 2).images)).toBe(false);
  expect(limited.test.size).toBe(100);
  expect(new Set(limited.train.labels).size).toBe(10);
});
