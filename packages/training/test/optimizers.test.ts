// Every optimizer against its formula in float64, and its state through export and import.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng, initialClock } from '@bitgrad/core';
import {
  adam,
  adamw,
  bop,
  caseOptimizer,
  sgd,
  createOptimizer,
  type StatefulOptimizer,
} from '../src/index.js';
import { ste } from '@bitgrad/quantizer-ste';
import { softSign, startCpu, tinyModel } from './fixtures.js';

beforeAll(startCpu);

const size = 7;
const draws = (count: number, seed: number): number[][] => {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => Array.from({ length: size }, () => rng.normal()));
};

/** Applies gradients to one variable; gives its values after each step. */
function follow(optimizer: StatefulOptimizer, start: number[], gradients: number[][]): number[][] {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d(start)));
  const path = gradients.map((gradient) => {
    const tensor = tf.tensor1d(gradient);
    optimizer.applyGradients({ [variable.name]: tensor });
    tensor.dispose();
    return [...variable.dataSync()];
  });
  optimizer.dispose();
  variable.dispose();
  return path;
}

const expectClose = (got: number[][], expected: number[][], tolerance: number) =>
  got.forEach((row, i) =>
    row.forEach((x, j) => expect(Math.abs(x - expected[i]![j]!)).toBeLessThan(tolerance)),
  );

describe('adam', () => {
  it('leaves weights without gradients where they are, at any epsilon that it takes', () => {
    const none = [Array(size).fill(0), Array(size).fill(0)] as number[][];
    const [start] = draws(1, 8);
    for (const epsilon of [undefined, 1e-30])
      expect(follow(adam({ epsilon }), start!, none).at(-1)).toEqual(start!.map(Math.fround));
    expect(() => adam({ epsilon: 0 })).toThrow(/epsilon/);
  });

  it('follows algorithm 1 of the paper', () => {
    const [learningRate, beta1, beta2, epsilon] = [0.05, 0.8, 0.95, 1e-6];
    const [start] = draws(1, 3);
    const gradients = draws(30, 4);
    const [w, m, v] = [[...start!], new Array(size).fill(0), new Array(size).fill(0)];
    const expected = gradients.map((g, k) => {
      for (let i = 0; i < size; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i] + (1 - beta2) * g[i]! ** 2;
        const mHat = m[i] / (1 - beta1 ** (k + 1));
        const vHat = v[i] / (1 - beta2 ** (k + 1));
        w[i]! -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
      }
      return [...w];
    });
    expectClose(follow(adam({ learningRate, beta1, beta2, epsilon }), start!, gradients), expected, 2e-5);
  });
});

describe('adamw', () => {
  it('takes its share of the weight apart from the moments, by the rate of the step', () => {
    const [learningRate, weightDecay, epsilon] = [0.05, 0.3, 1e-8];
    const [start] = draws(1, 3);
    const gradients = draws(30, 4);
    const [w, m, v] = [[...start!], new Array(size).fill(0), new Array(size).fill(0)];
    const expected = gradients.map((g, k) => {
      for (let i = 0; i < size; i++) {
        w[i]! *= 1 - learningRate * weightDecay;
        m[i] = 0.9 * m[i] + 0.1 * g[i]!;
        v[i] = 0.999 * v[i] + 0.001 * g[i]! ** 2;
        const [mHat, vHat] = [m[i] / (1 - 0.9 ** (k + 1)), v[i] / (1 - 0.999 ** (k + 1))];
        w[i]! -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
      }
      return [...w];
    });
    expectClose(follow(adamw({ learningRate, weightDecay }), start!, gradients), expected, 2e-5);
    expect(follow(adamw({ weightDecay: 0 }), start!, gradients)).toEqual(follow(adam(), start!, gradients));
  });

  it('is one by name, and refuses what it does not know', () => {
    const model = tinyModel();
    const made = createOptimizer({ name: 'adamw', weightDecay: 0.2 }, model);
    expect(made.getConfig()).toMatchObject({ name: 'adamw', weightDecay: 0.2, beta1: 0.9 });
    expect(() => adamw({ weightDecay: -1 })).toThrow(/weightDecay/);
    expect(() => adamw({ decay: 1 } as never)).toThrow(/adamw.*decay/s);
    expect(() => adam({ weightDecay: 1 } as never)).toThrow(/weightDecay/);
  });
});

describe('sgd', () => {
  it('adds weightDecay times the weight to the gradient, before the momentum', () => {
    const [learningRate, momentum, weightDecay] = [0.1, 0.9, 0.02];
    const [start] = draws(1, 5);
    const gradients = draws(20, 6);
    const [w, u] = [[...start!], new Array(size).fill(0)];
    const expected = gradients.map((g) => {
      for (let i = 0; i < size; i++) {
        u[i] = momentum * u[i] + g[i]! + weightDecay * w[i]!;
        w[i]! -= learningRate * u[i];
      }
      return [...w];
    });
    expectClose(follow(sgd({ learningRate, momentum, weightDecay }), start!, gradients), expected, 2e-5);
    expect(sgd().getConfig()).not.toHaveProperty('weightDecay');
  });

  it.each([
    { momentum: 0, nesterov: false },
    { momentum: 0.9, nesterov: false },
    { momentum: 0.9, nesterov: true },
  ])('momentum $momentum, nesterov $nesterov', ({ momentum, nesterov }) => {
    const [start] = draws(1, 5);
    const gradients = draws(20, 6);
    const [w, u] = [[...start!], new Array(size).fill(0)];
    const expected = gradients.map((g) => {
      for (let i = 0; i < size; i++) {
        u[i] = momentum * u[i] + g[i]!;
        w[i]! -= 0.1 * (nesterov ? g[i]! + momentum * u[i] : u[i]);
      }
      return [...w];
    });
    expectClose(follow(sgd({ learningRate: 0.1, momentum, nesterov }), start!, gradients), expected, 2e-5);
  });
});

/** Algorithm 1 of arXiv 1906.02107, as written there: two conditions, two signs. */
function bopReference(
  start: number[],
  gradients: number[][],
  gammas: number[],
  threshold: number,
): number[][] {
  const w = start.map((x): number => (x >= 0 ? 1 : -1));
  const m = new Array<number>(start.length).fill(0);
  return gradients.map((g, k) => {
    for (let i = 0; i < w.length; i++) {
      m[i] = (1 - gammas[k]!) * m[i]! + gammas[k]! * g[i]!;
      if (Math.abs(m[i]!) > threshold && Math.sign(m[i]!) === Math.sign(w[i]!)) w[i] = -w[i]!;
    }
    return [...w];
  });
}

describe('bop', () => {
  it('flips where the average exceeds the threshold and has the sign of the weight', () => {
    const start = [0, -0, 1e-30, -1e-30, 3, -3, 1];
    const gradients = draws(60, 8);
    const got = follow(bop({ gamma: 0.25, threshold: 0.3 }), start, gradients);
    expect(got).toEqual(bopReference(start, gradients, new Array(60).fill(0.25), 0.3));
    const flips = got.slice(1).flatMap((row, i) => row.filter((x, j) => x !== got[i]![j])).length;
    expect(flips).toBeGreaterThan(20);
  });

  it('does not flip at the threshold itself', () => {
    // gamma 1 makes the average the gradient; 0.5 is exact in float32.
    expect(follow(bop({ gamma: 1, threshold: 0.5 }), [1, 1, -1], [[0.5, 0.5000001, -0.5000001]])).toEqual([
      [1, -1, 1],
    ]);
  });

  it('lowers gamma over the run', () => {
    const optimizer = bop({ gamma: 0.5, gammaEnd: 0.005, threshold: 0.02 });
    const variable = tf.variable(tf.tensor1d([1]));
    const gradient = tf.tensor1d([1]);
    optimizer.beginStep({ ...initialClock, step: 10, totalSteps: 10 });
    optimizer.applyGradients({ [variable.name]: gradient });
    expect(variable.dataSync()[0]).toBe(1);
    optimizer.beginStep({ ...initialClock, step: 0, totalSteps: 10 });
    optimizer.applyGradients({ [variable.name]: gradient });
    expect(variable.dataSync()[0]).toBe(-1);
    tf.dispose([variable, gradient]);
    optimizer.dispose();
  });

  it.each([
    [{ gamma: 0 }, 'gamma'],
    [{ gamma: 1.5 }, 'gamma'],
    [{ threshold: -1 }, 'threshold'],
  ])('refuses %j', (options, name) => {
    expect(() => bop(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(() => bop(options)).toThrow(name);
  });
});

describe('case optimizer', () => {
  it('gives each variable to its case', () => {
    const binary = tf.variable(tf.tensor1d([0.5, -0.5]), true, 'case_binary');
    const other = tf.variable(tf.tensor1d([1, 1]), true, 'case_other');
    const optimizer = caseOptimizer(
      [{ test: ({ name }) => name === 'case_binary', optimizer: bop({ gamma: 1, threshold: 0 }) }],
      sgd({ learningRate: 0.5, momentum: 0 }),
    );
    const gradient = tf.tensor1d([1, 1]);
    optimizer.applyGradients([
      { name: other.name, tensor: gradient },
      { name: binary.name, tensor: gradient },
    ] as never);
    expect([...binary.dataSync()]).toEqual([-1, -1]);
    expect([...other.dataSync()]).toEqual([0.5, 0.5]);
    tf.dispose([binary, other, gradient]);
    optimizer.dispose();
  });

  it('bop of a config takes exactly the binary kernels', async () => {
    const model = tinyModel();
    const optimizer = createOptimizer({ name: 'bop', gamma: 1, threshold: 0 }, model);
    const gradients = Object.fromEntries(
      model.trainableWeights.map((weight) => [
        (weight.read() as tf.Variable).name,
        tf.onesLike(weight.read()),
      ]),
    ) as tf.NamedTensorMap;
    optimizer.applyGradients(gradients);
    for (const weight of model.trainableWeights) {
      const binary = [...weight.read().dataSync()].every((x) => x === 1 || x === -1);
      expect([weight.originalName, binary]).toEqual([
        weight.originalName,
        weight.originalName.includes('kernel'),
      ]);
    }
    tf.dispose(gradients);
    optimizer.dispose();
    model.dispose();
  });

  it('bop refuses a model without binary kernels', () => {
    const model = tinyModel({ kernelQuantizer: softSign() });
    expect(() => createOptimizer({ name: 'bop' }, model)).toThrow(
      expect.objectContaining({ code: 'incompatible' }),
    );
    model.dispose();
  });
});

describe('state', () => {
  const makers: Record<string, () => StatefulOptimizer> = {
    adam: () => adam(),
    sgd: () => sgd({ momentum: 0.9 }),
    bop: () => bop({ gamma: 0.3, threshold: 0.1 }),
    case: () => caseOptimizer([{ test: ({ shape }) => shape[0] === 2, optimizer: bop() }], adam()),
  };
  it.each(Object.keys(makers))('%s goes on exactly after export and import', async (name) => {
    const gradients = draws(8, 21);
    const run = async (breakAt: number): Promise<number[]> => {
      const variable = tf.variable(tf.tensor1d(draws(1, 20)[0]!));
      let optimizer = makers[name]!();
      for (const [i, gradient] of gradients.entries()) {
        if (i === breakAt) {
          const state = await optimizer.exportState([variable]);
          optimizer.dispose();
          optimizer = makers[name]!();
          optimizer.importState([variable], state);
        }
        const tensor = tf.tensor1d(gradient);
        optimizer.applyGradients({ [variable.name]: tensor });
        tensor.dispose();
      }
      const values = [...variable.dataSync()];
      optimizer.dispose();
      variable.dispose();
      return values;
    };
    const expected = await run(-1);
    for (const breakAt of [0, 1, 5]) expect(await run(breakAt)).toEqual(expected);
  });

  it('refuses the state of another kind or shape', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const state = {
      name: 'adam',
      iterations: 1,
      slots: [[Float32Array.of(1, 2), Float32Array.of(1)]],
      children: [],
    };
    expect(() => sgd().importState([variable], state)).toThrow(
      expect.objectContaining({ code: 'incompatible' }),
    );
    expect(() => adam().importState([variable], state)).toThrow(/slots of variable 0/);
    expect(() => adam().importState([], state)).toThrow(expect.objectContaining({ code: 'incompatible' }));
    variable.dispose();
  });

  it('goes through getWeights and setWeights', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const gradient = tf.tensor1d([0.1, -0.2, 0.3]);
    const first = adam();
    first.applyGradients({ [variable.name]: gradient });
    const second = adam();
    const weights = await first.getWeights();
    await second.setWeights(weights);
    expect(await second.exportState([variable])).toEqual(await first.exportState([variable]));
    tf.dispose([variable, gradient, ...weights.map(({ tensor }) => tensor)]);
    first.dispose();
    second.dispose();
  });

  it('adam does not leak', () => {
    const before = tf.memory().numTensors;
    follow(adam(), draws(1, 1)[0]!, draws(5, 2));
    follow(bop(), draws(1, 1)[0]!, draws(5, 2));
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('fits through model.compile', async () => {
  const model = tinyModel({ kernelQuantizer: ste() });
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
  const [x, y] = [tf.ones([4, 6, 6, 1]), tf.ones([4, 3])];
  const history = await model.fit(x, y, { epochs: 2, verbose: 0 });
  expect(history.history.loss).toHaveLength(2);
  tf.dispose([x, y]);
  model.dispose();
});
