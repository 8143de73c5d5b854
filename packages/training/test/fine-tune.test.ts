// Starting from another model's weights, and layers that do not train.
import { beforeAll, expect, it } from 'vitest';
import { createModel } from '@bitgrad/models';
import { ste } from '@bitgrad/quantizer-ste';
import { createTrainer, freezeLayers, initializeFrom } from '../src/index.js';
import { advance, startCpu, stripes } from './fixtures.js';

beforeAll(startCpu);

const network = (kernelQuantizer: ReturnType<typeof ste> | null, classes = 3, seed = 1) =>
  createModel('mlp', { inputShape: [6, 6, 1], classes, kernelQuantizer, hidden: [8, 8], seed });
const valuesOf = (model: ReturnType<typeof network>, layer: string) =>
  model
    .getLayer(layer)
    .getWeights()
    .map((w) => [...w.dataSync()]);

it('a binary network starts from the same one in float; what has another shape or name stays', () => {
  const [float, binary] = [network(null, 4, 1), network(ste(), 3, 2)];
  const before = valuesOf(binary, 'logits');
  const { taken, left } = initializeFrom(binary, float);
  expect(taken.filter((name) => name.endsWith('kernel'))).toEqual(['dense1/kernel', 'dense2/kernel']);
  expect(left.some((name) => name === 'logits/kernel')).toBe(true);
  for (const layer of ['dense1', 'bn1', 'dense2'])
    expect(valuesOf(binary, layer)).toEqual(valuesOf(float, layer));
  expect(valuesOf(binary, 'logits')).toEqual(before);
  expect(() => initializeFrom(createModel('cnn', { inputShape: [8, 8, 1], classes: 2, kernelQuantizer: null }), float)).toThrow(/none has name and shape/); // prettier-ignore
});

it('frozen layers and their averages stay to the bit, the others train', async () => {
  const model = network(ste());
  expect(freezeLayers(model, ['dense1', 'bn1'])).toEqual(['dense1', 'bn1']);
  const names = ['dense1', 'bn1', 'dense2', 'bn2'];
  const before = names.map((name) => valuesOf(model, name));
  await advance(createTrainer({ model, train: stripes(64, 1), epochs: 1, learningRate: 0.05 }));
  const after = names.map((name) => valuesOf(model, name));
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  after.slice(2).forEach((values, i) => expect(values).not.toEqual(before[i + 2]));
  expect(() => freezeLayers(model, ['conv*'])).toThrow(/got "conv\*".*some of dense1, bn1/);
});
