// NaN that a sign hides from the loss is found at the end of the epoch, at a checkpoint and by evaluation, with its layer.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTrainer, evaluate, saveCheckpoint, type Trainer } from '../src/index.js';
import { advance, startCpu, stripes, tinyModel } from './fixtures.js';

beforeAll(startCpu);

const train = stripes(32, 1);
const make = (optimizer: 'adam' | 'sgd' | 'bop' = 'adam'): Trainer =>
  createTrainer({
    model: tinyModel(),
    train,
    epochs: 2,
    batchSize: 16,
    flipEvery: 0,
    optimizer: { name: optimizer },
  });

/** Puts a value into the first element of a weight. */
function poison(trainer: Trainer, name: string, value: number): void {
  const weight = trainer.model.weights.find(({ originalName }) => originalName.endsWith(name))!;
  const variable = weight.read() as tf.Variable;
  const values = variable.dataSync().slice();
  values[0] = value;
  variable.assign(tf.tensor(values, variable.shape));
}

describe.each([NaN, Infinity, -Infinity])('an average that is %s', (value) => {
  it.each(['moving_mean', 'moving_variance'])(
    '%s: the epoch does not end, and nothing is saved',
    async (name) => {
      const trainer = make();
      // Training normalizes by the batch: the average has no part in the loss, which stays finite.
      poison(trainer, name, value);
      const message = new RegExp(
        `${name} of layer "bitgrad_batch_norm\\w*" has values that are not finite after epoch 0`,
      );
      await expect(advance(trainer)).rejects.toThrow(message);
      expect(trainer.clock().step).toBe(2);
      expect(trainer.metrics().history).toEqual([]);
      await expect(saveCheckpoint(trainer)).rejects.toMatchObject({ code: 'not-finite' });
      await expect(evaluate(trainer.model, train)).rejects.toThrow(/not finite in the model to evaluate/);
      const before = tf.memory().numTensors;
      await expect(advance(trainer)).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

it.each(['adam', 'sgd', 'bop'] as const)('the state of %s is looked at too', async (name) => {
  const trainer = make(name);
  await advance(trainer, 1);
  const state = await trainer.exportState();
  await expect(saveCheckpoint(trainer)).resolves.toBeInstanceOf(Uint8Array);
  const damage = (optimizer: typeof state.optimizer): void => {
    optimizer.slots.forEach((slots) => slots?.forEach((values) => values.fill(NaN)));
    optimizer.children.forEach(damage);
  };
  // An optimizer of one's own that diverges.
  damage(state.optimizer);
  const spoilt: Trainer = { ...trainer, exportState: async () => state };
  await expect(saveCheckpoint(spoilt)).rejects.toThrow(/state of optimizer \w+ has values/);
});

it('a model that gives NaN has no accuracy', async () => {
  const trainer = make();
  const { model } = trainer;
  const apply = model.apply.bind(model);
  model.apply = ((x: tf.Tensor, kwargs: never) => tf.mul(apply(x, kwargs) as tf.Tensor, NaN)) as never;
  await expect(evaluate(model, train)).rejects.toThrow(/loss of the evaluation: got NaN/);
});
