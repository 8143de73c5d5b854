// A learning rate given anywhere is the rate that trains, scheduled from there, for each group of variables apart.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  baseRateOf,
  bop,
  caseOptimizer,
  createOptimizer,
  createTrainer,
  learningRateAt,
  sgd,
  type OptimizerConfig,
  type StatefulOptimizer,
  type StepEvent,
  type TrainerOptions,
} from '../src/index.js';
import { advance, startCpu, stripes, tinyModel, weightBits } from './fixtures.js';

beforeAll(startCpu);

const train = stripes(48, 1);
const trainerOf = (options: Partial<TrainerOptions>) =>
  createTrainer({ model: tinyModel(), train, epochs: 2, batchSize: 16, flipEvery: 0, ...options });

/** The rates of the steps, and the bits of the weights at the end. */
async function trained(options: Partial<TrainerOptions>) {
  const trainer = trainerOf(options);
  const steps = (await advance(trainer)).filter((e): e is StepEvent => e.type === 'step');
  const result = { rates: steps.map((e) => e.learningRate), bits: await weightBits(trainer.model), trainer };
  trainer.dispose();
  trainer.model.dispose();
  return result;
}

describe('one rate, given in any of the ways, trains alike', () => {
  const rate = 0.05;
  const ways: Record<string, () => Partial<TrainerOptions>> = {
    'beside the configuration': () => ({ optimizer: { name: 'adam' }, learningRate: rate }),
    'in the configuration': () => ({ optimizer: { name: 'adam', learningRate: rate } }),
    'to adam()': () => ({ optimizer: adam({ learningRate: rate }) }),
    'beside adam()': () => ({ optimizer: adam(), learningRate: rate }),
    'twice, alike': () => ({ optimizer: adam({ learningRate: rate }), learningRate: rate }),
    'set on the optimizer': () => {
      const optimizer = adam();
      optimizer.learningRate = rate;
      return { optimizer };
    },
    'with an optimizer that another run has used': () => {
      const optimizer = adam();
      trainerOf({ optimizer, learningRate: 3 });
      return { optimizer, learningRate: rate };
    },
  };
  it.each(Object.entries(ways))('%s', async (_, options) => {
    const expected = await trained({ learningRate: rate });
    expect(expected.rates[0]).toBe(rate);
    const got = await trained(options());
    expect(got.rates).toEqual(expected.rates);
    expect(got.bits).toBe(expected.bits);
    // What a checkpoint tells is the rate that was used.
    expect(got.trainer.config).toEqual(expected.trainer.config);
    expect(got.trainer.config).toMatchObject({ learningRate: rate, optimizer: { learningRate: rate } });
  });
});

it.each<[OptimizerConfig, number]>([
  [{ name: 'adam' }, 0.001],
  [{ name: 'sgd' }, 0.1],
  [{ name: 'bop' }, 0.001],
  [{ name: 'bop', rest: { name: 'sgd' } }, 0.1],
  [{ name: 'bop', rest: { name: 'sgd', learningRate: 0.3 } }, 0.3],
])('%j has its own default', async (optimizer, rate) => {
  const { rates } = await trained({ optimizer });
  expect(rates[0]).toBe(rate);
  expect(baseRateOf(optimizer)).toBe(rate);
});

describe('groups', () => {
  /** Plain SGD moves a weight by exactly the rate times its gradient. */
  const plain = (learningRate?: number) => sgd({ learningRate, momentum: 0 });
  const isKernel = ({ shape }: tf.Variable) => shape.length === 4;
  const groups = (kernel?: number, rest?: number) =>
    caseOptimizer([{ test: isKernel, optimizer: plain(kernel) }], plain(rest));

  /** The step of one variable of each group for a gradient of 1, at each step of a run. */
  function steps(optimizer: StatefulOptimizer, options: Partial<TrainerOptions> = {}): number[][] {
    const trainer = trainerOf({ optimizer, schedule: { kind: 'linear', warmupSteps: 2 }, ...options });
    const [kernel, rest] = [[2, 2, 1, 1], [3]].map((shape) => tf.variable(tf.zeros(shape)));
    const moved = Array.from({ length: 6 }, (_, step) => {
      const base = trainer.config.learningRate as number;
      const clock = { ...trainer.clock(), step };
      const scheduled = (own: number) => learningRateAt(own, trainer.config.schedule as never, step, 6);
      optimizer.beginStep({ ...clock, learningRate: scheduled(base) }, scheduled);
      kernel!.assign(tf.zerosLike(kernel!));
      rest!.assign(tf.zerosLike(rest!));
      const gradients = { [kernel!.name]: tf.onesLike(kernel!), [rest!.name]: tf.onesLike(rest!) };
      optimizer.applyGradients(gradients);
      return [kernel!, rest!].map((variable) => -variable.dataSync()[0]!);
    });
    tf.dispose([kernel!, rest!]);
    trainer.model.dispose();
    return moved;
  }
  const shares = [1 / 3, 2 / 3, 1, 0.75, 0.5, 0.25];

  it.each([
    ['each its own', groups(0.4, 0.02), {}, 0.4, 0.02],
    ['a rate beside goes to those without', groups(0.4), { learningRate: 0.02 }, 0.4, 0.02],
    ['those without any have their default', groups(0.4), {}, 0.4, 0.1],
    ['one rate for all', groups(), { learningRate: 0.02 }, 0.02, 0.02],
  ])('%s', (_, optimizer, options, kernel, rest) => {
    const moved = steps(optimizer, options);
    shares.forEach((share, step) => {
      expect(moved[step]![0]).toBeCloseTo(kernel * share, 6);
      expect(moved[step]![1]).toBeCloseTo(rest * share, 6);
    });
  });

  it('say their rates in the configuration of a run', () => {
    const trainer = trainerOf({ optimizer: groups(0.4), learningRate: 0.02 });
    expect(trainer.config).toMatchObject({
      learningRate: 0.02,
      optimizer: { cases: [{ learningRate: 0.4 }], rest: { learningRate: 0.02 } },
    });
    trainer.model.dispose();
  });

  it('really train with them: a group at rate 0 does not move', async () => {
    const model = tinyModel();
    const before = await weightBits(model);
    const optimizer = caseOptimizer([{ test: isKernel, optimizer: adam({ learningRate: 0 }) }], adam());
    await advance(trainerOf({ model, optimizer, learningRate: 0.05 }));
    const [kernel, ...others] = (await weightBits(model)).split('/');
    expect(kernel).toBe(before.split('/')[0]);
    expect(others.join('/')).not.toBe(before.split('/').slice(1).join('/'));
    model.dispose();
  });
});

describe('refuses', () => {
  const names = (optimizer: TrainerOptions['optimizer'], learningRate?: number) =>
    trainerOf({ optimizer, learningRate });
  it.each<[string, () => unknown, RegExp]>([
    [
      'two rates',
      () => names(adam({ learningRate: 0.05 }), 0.01),
      /got 0.01, expected 0.05.*Give the rate once/,
    ],
    ['two rates in JSON', () => names({ name: 'sgd', learningRate: 0.05 }, 0.01), /expected 0.05/],
    ['a rate that no group would use', () => names(caseOptimizer([{ test: () => true, optimizer: adam({ learningRate: 1 }) }], sgd({ learningRate: 2 })), 3), /got 3, expected 1, 2/], // prettier-ignore
    ['a rate of bop', () => names({ name: 'bop', learningRate: 1 } as never), /bop, which has none.*rest/],
    ['lr', () => adam({ lr: 1 } as never), /adam has no option "lr".*Did you mean "learningRate"/],
    ['weightDecay', () => names({ name: 'adam', weightDecay: 1 } as never), /no option "weightDecay"/],
    ['clipnorm', () => sgd({ clipnorm: 1 } as never), /sgd has no option "clipnorm"/],
    ['beta1: 2', () => adam({ beta1: 2 }), /"beta1" of adam: got 2/],
    ['momentum: -3', () => sgd({ momentum: -3 }), /"momentum" of sgd: got -3/],
    ['a rate in words', () => adam({ learningRate: 'x' as never }), /"learningRate" of adam: got "x"/],
    ['a rate set to NaN', () => void (adam().learningRate = NaN), /learningRate of adam: got NaN/],
    ['a name', () => names('adam' as never), /got "adam".*\{ name: "adam" \}/],
    ['an optimizer of TensorFlow.js', () => names(tf.train.adam(0.01) as never), /cannot be saved/],
    ['bop with options of adam', () => bop({ beta1: 0.5 } as never), /bop has no option "beta1"/],
    ['no configuration', () => createOptimizer(undefined as never, tinyModel()), /optimizer: got "nothing"/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('groups of weights', () => {
  const trainedBy = (optimizer: OptimizerConfig) => trained({ optimizer, schedule: 'constant' });

  it('have options of their own, and the rest those of the optimizer', async () => {
    const config = {
      name: 'sgd',
      learningRate: 0.1,
      momentum: 0,
      groups: [
        { weights: 'binary', learningRate: 0 },
        { weights: ['*/gamma', '*/bias'], learningRate: 0.2 },
      ],
    } as const;
    const model = tinyModel();
    const before = new Map(model.trainableWeights.map((w) => [w.originalName, [...w.read().dataSync()]]));
    await advance(createTrainer({ model, train, epochs: 1, batchSize: 48, flipEvery: 0, optimizer: config }));
    const plain = tinyModel();
    await advance(createTrainer({ model: plain, train, epochs: 1, batchSize: 48, flipEvery: 0, optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0 } })); // prettier-ignore
    model.trainableWeights.forEach((weight, i) => {
      const [old, now] = [before.get(weight.originalName)!, [...weight.read().dataSync()]];
      const moved = (values: readonly number[]) => values.map((v, j) => v - old[j]!);
      const byPlain = moved([...plain.trainableWeights[i]!.read().dataSync()]);
      const factor = /kernel/.test(weight.originalName) ? 0 : /gamma/.test(weight.originalName) ? 2 : 1;
      moved(now).forEach((d, j) => expect(d).toBeCloseTo(factor * byPlain[j]!, 6));
    });
  });

  it('are part of the configuration, which a resumed run must have in common', () => {
    const make = (weights: string) =>
      trainerOf({ optimizer: { name: 'adamw', groups: [{ weights, weightDecay: 0 }] } }).config;
    expect(make('binary').optimizer).toMatchObject({
      name: 'case',
      cases: [{ name: 'adamw', weightDecay: 0, weights: ['binary'] }],
      rest: { name: 'adamw', weightDecay: 0.01 },
    });
    expect(make('binary')).not.toEqual(make('*/gamma'));
  });

  it('train as one where they are alike, also of another optimizer', async () => {
    const alike = await trainedBy({ name: 'adam', groups: [{ weights: '*/kernel' }] });
    expect(alike.bits).toBe((await trainedBy({ name: 'adam' })).bits);
    const other = await trainedBy({ name: 'adam', groups: [{ weights: '*', name: 'sgd', momentum: 0.5 }] });
    expect(other.bits).toBe((await trainedBy({ name: 'sgd', momentum: 0.5 })).bits);
  });

  it.each([
    [{ name: 'sgd', groups: [] }, /"groups".*at least one/],
    [{ name: 'sgd', groups: [{ weightDecay: 0 }] }, /"weights" of groups\[0\]/],
    [{ name: 'sgd', groups: [{ weights: 'binary', decay: 0 }] }, /sgd has no option "decay"/],
    [{ name: 'sgd', groups: [{ weights: 'conv9/*' }] }, /got "conv9\/\*".*binary, or some of .*kernel/],
  ])('refuses %j', (optimizer, message) => {
    expect(() => trainerOf({ optimizer: optimizer as never })).toThrow(message);
  });
});
