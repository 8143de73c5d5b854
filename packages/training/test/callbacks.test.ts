// model.fit with the callbacks does what the trainer does.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainingClock } from '@bitgrad/core';
import { quantLayersOf } from '@bitgrad/layers';
import { adam, caseOptimizer, ClockCallback, FlipRatioCallback, learningRateAt, sgd } from '../src/index.js';
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

const rateOf = (model: tfl.LayersModel) =>
  (model.optimizer as unknown as { learningRate: number }).learningRate;
/** The rate of each batch, as the optimizer has it when its gradients are applied. */
const recordRates = (rates: number[]): tfl.Callback => {
  const callback = new (class extends tfl.Callback {
    override async onBatchBegin() {
      rates.push(rateOf(this.model as tfl.LayersModel));
    }
  })();
  return callback;
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
  const rates: number[] = [];
  await model.fit(x, y, {
    epochs: 1,
    batchSize: 20,
    verbose: 0,
    callbacks: [new ClockCallback({ schedule: 'linear' }), recordRates(rates)] as never,
  });
  expect(rates).toEqual([0.5, 0.25]);
  tf.dispose([x, y]);
  model.dispose();
});

describe('a second fit', () => {
  const optimizers = {
    'an optimizer of this package': () => adam({ learningRate: 0.01 }),
    'one of TensorFlow.js': () => tf.train.adam(0.01),
  };
  it.each(Object.entries(optimizers))('starts at the base rate again: %s', async (_, create) => {
    const model = tinyModel();
    model.compile({ optimizer: create(), loss: 'meanSquaredError' });
    const { x, y } = data();
    const expected = [0, 1, 2, 3].map((step) => learningRateAt(0.01, 'cosine', step, 4));
    for (let fit = 0; fit < 3; fit++) {
      const rates: number[] = [];
      const callbacks = [new ClockCallback({ schedule: 'cosine' }), recordRates(rates)] as never;
      await model.fit(x, y, { epochs: 2, batchSize: 20, verbose: 0, callbacks });
      expect(rates).toEqual(expected);
      expect(rateOf(model)).toBe(0.01);
    }
    tf.dispose([x, y]);
    model.dispose();
  });

  it('starts at the base rate also after a fit that failed', async () => {
    const model = tinyModel();
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    const { x, y } = data();
    const failing = new (class extends tfl.Callback {
      override async onEpochEnd() {
        throw new Error('stop');
      }
    })();
    const fit = (callback: tfl.Callback) =>
      model.fit(x, y, {
        epochs: 2,
        batchSize: 20,
        verbose: 0,
        callbacks: [new ClockCallback({ schedule: 'linear' }), callback] as never,
      });
    await expect(fit(failing)).rejects.toThrow('stop');
    const rates: number[] = [];
    await fit(recordRates(rates));
    expect(rates[0]).toBe(0.01);
    tf.dispose([x, y]);
    model.dispose();
  });
});

it('starts the clock at initialEpoch, in fit and in fitDataset', async () => {
  const model = tinyModel();
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
  const { x, y } = data();
  const options = { epochs: 4, initialEpoch: 2, verbose: 0 } as const;
  const rates = Array.from({ length: 8 }, (_, step) => learningRateAt(0.01, 'cosine', step, 8));
  const clockAtStart = async (run: (callbacks: never) => Promise<unknown>, stepsPerEpoch?: number) => {
    const seen: TrainingClock[] = [];
    const callback = new ClockCallback({ schedule: 'cosine', stepsPerEpoch });
    const spy = new (class extends tfl.Callback {
      override async onBatchBegin() {
        seen.push(callback.clock());
      }
    })();
    await run([callback, spy] as never);
    return seen;
  };
  const batches = {
    batchesPerEpoch: 2,
    // What fitDataset needs of a tf.data.Dataset.
    dataset: {
      iterator: async () => ({
        next: async () => ({ done: false, value: { xs: x.clone(), ys: y.clone() } }),
      }),
    },
  };
  const runs = [
    await clockAtStart((callbacks) => model.fit(x, y, { ...options, batchSize: 20, callbacks })),
    await clockAtStart(
      (callbacks) =>
        model.fitDataset(batches.dataset as never, { ...options, batchesPerEpoch: 2, callbacks } as never),
      2,
    ),
  ];
  for (const seen of runs) {
    expect(seen.map(({ epoch, step, totalSteps }) => [epoch, step, totalSteps])).toEqual([
      [2, 4, 8],
      [2, 5, 8],
      [3, 6, 8],
      [3, 7, 8],
    ]);
    expect(seen.map(({ learningRate }) => learningRate)).toEqual(rates.slice(4));
    expect(seen[0]!.learningRateSum).toBeCloseTo(
      rates.slice(0, 4).reduce((a, b) => a + b),
      12,
    );
  }
  tf.dispose([x, y]);
  model.dispose();
});

it('refuses two rates, and takes one given twice alike', async () => {
  const { x, y } = data();
  const fit = (optimizer: tf.Optimizer, learningRate: number) => {
    const model = tinyModel();
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const rates: number[] = [];
    const callbacks = [new ClockCallback({ learningRate }), recordRates(rates)] as never;
    return model.fit(x, y, { epochs: 1, batchSize: 40, verbose: 0, callbacks }).then(() => rates);
  };
  await expect(fit(adam({ learningRate: 0.01 }), 0.02)).rejects.toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  );
  expect(await fit(adam({ learningRate: 0.01 }), 0.01)).toEqual([0.01]);
  expect(await fit(adam(), 0.02)).toEqual([0.02]);
  const groups = caseOptimizer(
    [{ test: ({ shape }) => shape.length === 4, optimizer: adam({ learningRate: 0.5 }) }],
    sgd(),
  );
  expect(await fit(groups, 0.02)).toEqual([0.02]);
  tf.dispose([x, y]);
});

it('finds NaN that a sign hides from the loss, and names the layer', async () => {
  const model = tinyModel();
  model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
  const { x, y } = data();
  const rows = tf.tidy(() => tf.concat([tf.fill([1, 6, 6, 1], NaN), tf.slice(x, [1])]));
  await expect(
    model.fit(rows, y, { epochs: 3, batchSize: 40, verbose: 0, callbacks: [new ClockCallback()] as never }),
  ).rejects.toThrow(/of layer "quant_conv2d.* not finite after epoch 0.*NaN or infinity in the inputs/);
  tf.dispose([x, y, rows]);
  model.dispose();
});

it.each([
  [{ schedules: 'cosine' }, /schedules.*Did you mean "schedule"/],
  [{ schedule: 'cosin' }, /"schedule".*one of "constant", "cosine"/],
  [{ learningRate: 0 }, /above 0/],
])('refuses %j', (options, message) => {
  expect(() => new ClockCallback(options as never)).toThrow(message);
});
