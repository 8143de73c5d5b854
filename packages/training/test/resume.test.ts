// Weights are matched by name and shape, whatever their order; frozen layers and the optimizer's state too.
import { readFileSync } from 'node:fs';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/core';
import { quantDense } from '@bitgrad/layers';
import { ste } from '@bitgrad/quantizer-ste';
import {
  createTrainer,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
} from '../src/index.js';
import { decodeParts, encodeParts } from '../src/checkpoint/format.js';
import { matchNames } from '../src/names.js';
import { advance, classes, softSign, startCpu, stripes, tinyModel, weightBits } from './fixtures.js';

beforeAll(startCpu);

const train = stripes(32, 1);
const dense = (name: string, units: number) =>
  quantDense({
    name,
    units,
    kernelQuantizer: ste(),
    kernelConstraint: 'weightClip',
    useBias: false,
  }) as never;

/** a, b and c have the same shape. */
const chain = (frozen?: string, last = 'd'): tfl.LayersModel => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [6, 6, 1] }),
      ...['start', 'a', 'b', 'c'].map((name) => dense(name, 8)),
      dense(last, classes),
    ],
  });
  if (frozen) model.getLayer(frozen).trainable = false;
  return model;
};
const trainerOf = (model: tfl.LayersModel, optimizer: 'adam' | 'adamw' | 'bop' = 'adam') =>
  createTrainer({ model, train, epochs: 2, batchSize: 16, optimizer: { name: optimizer } });
const kernelOf = (model: tfl.LayersModel, layer: string) => [
  ...(model.getLayer(layer).getWeights()[0]!.dataSync() as Float32Array),
];

const stopped = async (model: tfl.LayersModel, optimizer?: 'adamw' | 'bop'): Promise<Checkpoint> => {
  const trainer = trainerOf(model, optimizer);
  await advance(trainer, 3);
  return loadCheckpoint(await saveCheckpoint(trainer));
};

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(BitgradError);
    return `${(error as BitgradError).code}: ${(error as Error).message}`;
  }
  return 'accepted';
};

describe('frozen layers', () => {
  it.each(['adam', 'adamw', 'bop'] as const)('resume to the same bits with %s', async (optimizer) => {
    const whole = chain('b');
    await advance(trainerOf(whole, optimizer));
    const checkpoint = await stopped(chain('b'), optimizer === 'adam' ? undefined : optimizer);
    const again = chain('b');
    const resumed = trainerOf(again, optimizer);
    restoreCheckpoint(resumed, checkpoint);
    await advance(resumed);
    expect(await weightBits(again)).toBe(await weightBits(whole));
  });

  it.each([
    ['c', /frozen now: kernel of layer "c"; trained now: kernel of layer "b"/],
    [undefined, /frozen now: none; trained now: kernel of layer "b"/],
  ] as const)('that are others are named, and nothing is put anywhere: %s', async (frozen, message) => {
    const checkpoint = await stopped(chain('b'));
    const model = chain(frozen);
    const before = await weightBits(model);
    const got = messageOf(() => restoreCheckpoint(trainerOf(model), checkpoint));
    expect(got).toMatch(/^incompatible/);
    expect(got).toMatch(message);
    expect(await weightBits(model)).toBe(before);
  });
});

describe('names', () => {
  it('put weights and optimizer state where they belong when the layers stand in another order', async () => {
    // Two branches, made in one order or the other: tfjs then lists their weights in that order.
    const branches = (first: string, second: string): tfl.LayersModel => {
      const input = tfl.input({ shape: [6, 6, 1] });
      const flat = tfl.layers.flatten().apply(input);
      const out = new Map(
        [first, second].map((name) => [name, dense(name, classes) as unknown as tfl.layers.Layer]),
      );
      const applied = new Map([...out].map(([name, layer]) => [name, layer.apply(flat)]));
      const sum = tfl.layers.add().apply([applied.get(first), applied.get(second)] as tfl.SymbolicTensor[]);
      return tfl.model({ inputs: input, outputs: sum as tfl.SymbolicTensor });
    };
    const [saved, other] = [branches('p', 'q'), branches('q', 'p')];
    const order = (model: tfl.LayersModel) => model.weights.map(({ originalName }) => originalName);
    expect(order(saved)).not.toEqual(order(other));
    const trainer = trainerOf(saved);
    await advance(trainer, 3);
    const checkpoint = loadCheckpoint(await saveCheckpoint(trainer));
    const resumed = trainerOf(other);
    restoreCheckpoint(resumed, checkpoint);
    await Promise.all([advance(trainer), advance(resumed)]);
    for (const name of ['p', 'q']) expect(kernelOf(other, name)).toEqual(kernelOf(saved, name));
  });

  it('that differ are told', async () => {
    const checkpoint = await stopped(chain());
    const got = messageOf(() => restoreCheckpoint(trainerOf(chain(undefined, 'e')), checkpoint));
    expect(got).toMatch(/^incompatible.*in the model only: e\/kernel.*in the state only: d\/kernel/);
  });

  it('are unique in nested models and wrappers with layers of the same name', async () => {
    const nested = (): tfl.LayersModel => {
      const inner = tfl.sequential({
        name: 'inner',
        layers: [tfl.layers.flatten({ inputShape: [6, 6, 1] }), dense('same', 4)],
      });
      const input = tfl.input({ shape: [6, 6, 1] });
      const outputs = [dense('same', 4), dense('last', classes)].reduce<tfl.SymbolicTensor>(
        (x, layer) => (layer as tfl.layers.Layer).apply(x) as tfl.SymbolicTensor,
        inner.apply(input) as tfl.SymbolicTensor,
      );
      return tfl.model({ inputs: input, outputs });
    };
    const model = nested();
    const checkpoint = await stopped(model);
    expect(checkpoint.weights.map(({ name }) => name)).toEqual([
      'inner/same/kernel',
      'same/kernel',
      'last/kernel',
    ]);
    const resumed = trainerOf(nested());
    restoreCheckpoint(resumed, checkpoint);
    expect(await weightBits(resumed.model)).toBe(await weightBits(model));
  });

  it.each([
    [
      ['a/k', 'b/k'],
      ['b/k', 'a/k'],
      [1, 0],
    ],
    [
      ['dense_Dense1/k', 'dense_Dense2/k'],
      ['dense_Dense5/k', 'dense_Dense9/k'],
      [0, 1],
    ],
    [
      ['dense_Dense9/k', 'dense_Dense10/k'],
      ['dense_Dense1/k', 'dense_Dense2/k'],
      [0, 1],
    ],
    [['model1/dense_Dense3/k'], ['model4/dense_Dense7/k'], [0]],
    [['sequential_2/x/k'], ['sequential_9/x/k'], [0]],
    [['conv1/k', 'conv2/k'], ['conv2/k', 'conv3/k'], undefined],
    [['dense_Dense1/k'], ['quant_dense_QuantDense1/k'], undefined],
    [['a/k', 'b/k'], ['a/k'], undefined],
    [['a/k', 'a/k'], ['a/k', 'b/k'], undefined],
  ])('%j and %j', (saved, present, places) => {
    expect(matchNames(saved, present)).toEqual(places);
  });
});

describe('a checkpoint of the first version', () => {
  const bytes = new Uint8Array(readFileSync(new URL('./data/version-1.ckpt', import.meta.url)));
  const make = () =>
    createTrainer({
      model: tinyModel({ kernelQuantizer: softSign() }),
      train: stripes(90, 1),
      test: stripes(60, 2),
      epochs: 3,
      batchSize: 16,
      seed: 4,
      flipEvery: 2,
    });

  it('goes on to the same bits', async () => {
    const [whole, resumed] = [make(), make()];
    await advance(whole);
    restoreCheckpoint(resumed, loadCheckpoint(bytes));
    await advance(resumed);
    expect(await weightBits(resumed.model)).toBe(await weightBits(whole.model));
  });

  it('says the rate that was used, whatever the optimizer was given', () => {
    const { header, arrays } = decodeParts(bytes) as { header: Checkpoint; arrays: Float32Array[] };
    const config = {
      ...header.config,
      optimizer: { ...(header.config.optimizer as object), learningRate: 0.05 },
    };
    const loaded = loadCheckpoint(encodeParts({ header: { ...header, config }, arrays }));
    expect(loaded.config).toMatchObject({ learningRate: 0.001, optimizer: { learningRate: 0.001 } });
  });

  it('is refused when its names do not stand in the order of the model', () => {
    const { header, arrays } = decodeParts(bytes) as { header: Checkpoint; arrays: Float32Array[] };
    const weights = header.weights.map((weight) => ({ ...weight }));
    const find = (end: string) => weights.find(({ name }) => name.endsWith(end)) as { name: string };
    const [gamma, beta] = [find('1/gamma'), find('1/beta')];
    [gamma.name, beta.name] = [beta.name, gamma.name];
    const loaded = loadCheckpoint(encodeParts({ header: { ...header, weights }, arrays }));
    expect(messageOf(() => restoreCheckpoint(make(), loaded))).toMatch(/^incompatible.*order of the weights/);
  });
});
