// model.fit with the callbacks does what the trainer does.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import type { TrainingClock } from '@bitgrad/core';
import { quantLayersOf } from '@bitgrad/layers';
import { adam, ClockCallback, FlipRatioCallback } from '../src/index.js';
import { softSign, startCpu, stripes, tinyModel } from './fixtures.js';

beforeAll(startCpu);

const data = () => {
  const split = stripes(40, 3);
  const x = tf.tensor(
    Float32Array.from(split.images, (b) => b / 127.5 - 1),
    [40, 6, 6, 1],
  );
  return { x, y: tf.oneHot(tf.tensor1d([...split.labels], 'int32'), 3) };
};

it('drives clock, learning rate and constraints, and logs the flip ratio', async () => {
  const model = tinyModel({ kernelQuantizer: softSign() });
  model.compile({ optimizer: adam({ learningRate: 1.5 }), loss: 'meanSquaredError' });
  const seen: TrainingClock[] = [];
  const layer = quantLayersOf(model)[0]!;
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    if (kwargs['training']) seen.push(layer.clock);
    return call(inputs, kwargs);
  };
  const { x, y } = data();
  const samples: number[] = [];
  const { history } = await model.fit(x, y, {
    epochs: 2,
    batchSize: 16,
    verbose: 0,
    callbacks: [
      new ClockCallback({ schedule: 'linear' }),
      new FlipRatioCallback({ every: 2, onSample: (ratio) => samples.push(ratio) }),
    ] as never,
  });
  expect(seen.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(seen.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1]);
  expect(seen.every(({ totalSteps }) => totalSteps === 6)).toBe(true);
  seen.forEach(({ learningRate, step }) => expect(learningRate).toBeCloseTo(1.5 * (1 - step / 6), 12));
  expect(seen[2]!.learningRateSum).toBeCloseTo(1.5 + 1.25, 12);
  const kernel = model.trainableWeights.find(({ originalName }) => originalName.includes('kernel'))!;
  expect(Math.max(...[...kernel.read().dataSync()].map(Math.abs))).toBeLessThanOrEqual(1);
  expect(samples).toHaveLength(3);
  expect(history.flipRatio).toHaveLength(2);
  expect(samples.every((ratio) => ratio >= 0 && ratio <= 1)).toBe(true);
  tf.dispose([x, y]);
  model.dispose();
});

it('sets the learning rate of a tfjs optimizer', async () => {
  const model = tinyModel();
  const optimizer = tf.train.sgd(0.5);
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const { x, y } = data();
  await model.fit(x, y, {
    epochs: 1,
    batchSize: 20,
    verbose: 0,
    callbacks: new ClockCallback({ schedule: 'linear' }) as never,
  });
  expect((optimizer as unknown as { learningRate: number }).learningRate).toBe(0.25);
  tf.dispose([x, y]);
  model.dispose();
});
