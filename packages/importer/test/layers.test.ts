// Larq models to go on training: the outputs of Keras, steps of training, and a compiled file.
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { use } from '@bitgrad/core';
import { compileModel } from '@bitgrad/compiler';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { importLayers } from '../src/layers.js';
import { answersOf, filesOf, inputs } from './framework.js';
import { sizeOf } from './support.js';

use(stePlugin);
const fixtures = join(import.meta.dirname, 'fixtures/keras');
const answers = new Map(answersOf(join(fixtures, 'answers.json')));

it.each(['quicknet_like', 'alexnet_like', 'bireal_block'])('%s answers as Keras does, trains and compiles', async (name) => {
  const { shape, outputs } = answers.get(name)!;
  const model = await importLayers(filesOf(fixtures, name));
  const x = tf.tensor(inputs(sizeOf(shape), outputs.length), [outputs.length, ...shape]);
  const got = (await (model.predict(x) as tf.Tensor).array()) as number[][];
  got.forEach((row, n) => row.forEach((v, j) => expect(Math.abs(v - outputs[n]![j]!)).toBeLessThan(1e-4)));
  const { model: packed } = await compileModel(model, { samples: inputs(sizeOf(shape), outputs.length) });
  expect(packed.plan.ops.length).toBeGreaterThan(5);
  const before = await model.getWeights()[0]!.data();
  const saved = before.slice();
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  await model.fit(x, tf.oneHot(outputs.map((_, n) => n), outputs[0]!.length), { epochs: 1, verbose: 0 });
  expect(await model.getWeights()[0]!.data()).not.toEqual(saved);
}, 60_000); // prettier-ignore

it('refuses a quantizer that is another one here, by the name of the layer', async () => {
  await expect(importLayers(filesOf(fixtures, 'quantizers'))).rejects.toThrow(
    /"conv\d" \(QuantConv2D\) has the (input|kernel)_quantizer \w+, which no quantizer here equals/,
  );
});
