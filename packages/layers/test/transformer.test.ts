// The layers of transformers: formulas in plain JavaScript, gradients by finite differences, saving, tensors.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { attend, createRng, layerNormalize, type BitgradError } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import {
  attention,
  binaryAttention,
  classToken,
  firstToken,
  layerNorm,
  positionEmbedding,
  quantDense,
} from '../src/index.js';

const random = (seed: number, length: number, scale = 1): number[] => {
  const rng = createRng(seed);
  return Array.from({ length }, () => scale * (2 * rng.next() - 1));
};
const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** softmax(Q K^T / sqrt(d)) V in float64. */
function attendOracle(x: readonly number[], n: number, t: number, heads: number, d: number): number[] {
  const width = heads * d;
  const at = (example: number, token: number, part: number, head: number, i: number) =>
    x[((example * t + token) * 3 + part) * width + head * d + i]!;
  const y = Array<number>(n * t * width).fill(0);
  for (let e = 0; e < n; e++)
    for (let h = 0; h < heads; h++)
      for (let q = 0; q < t; q++) {
        const scores = Array.from({ length: t }, (_, k) => {
          let dot = 0;
          for (let i = 0; i < d; i++) dot += at(e, q, 0, h, i) * at(e, k, 1, h, i);
          return Math.exp(dot / Math.sqrt(d));
        });
        const total = scores.reduce((a, b) => a + b);
        for (let i = 0; i < d; i++)
          y[(e * t + q) * width + h * d + i] = scores.reduce(
            (sum, s, k) => sum + (s / total) * at(e, k, 2, h, i),
            0,
          );
      }
  return y;
}

function layerNormOracle(
  x: readonly number[],
  gamma: readonly number[],
  beta: readonly number[],
  epsilon: number,
) {
  const c = gamma.length;
  return x.map((v, i) => {
    const row = x.slice(i - (i % c), i - (i % c) + c);
    const mean = row.reduce((a, b) => a + b) / c;
    const variance = row.reduce((sum, w) => sum + (w - mean) ** 2, 0) / c;
    return ((v - mean) / Math.sqrt(variance + epsilon)) * gamma[i % c]! + beta[i % c]!;
  });
}

const sign = (x: number): number => (x < 0 ? -1 : 1);

/** Sums over tokens of sign(sign(Q) sign(K)^T) sign(V), and the gradient of x where every surrogate is 1 up to 1. */
function bitsOracle(x: readonly number[], t: number, heads: number, d: number, dy: readonly number[]) {
  const width = heads * d;
  const at = (token: number, part: number, head: number, i: number) =>
    (token * 3 + part) * width + head * d + i;
  const y = Array<number>(t * width).fill(0);
  const dx = Array<number>(x.length).fill(0);
  const bit = (i: number) => sign(x[i]!);
  const passed = (i: number, gradient: number) => (dx[i]! += Math.abs(x[i]!) <= 1 ? gradient : 0);
  for (let h = 0; h < heads; h++)
    for (let q = 0; q < t; q++)
      for (let k = 0; k < t; k++) {
        let score = 0;
        for (let i = 0; i < d; i++) score += bit(at(q, 0, h, i)) * bit(at(k, 1, h, i));
        score /= Math.sqrt(d);
        let dWeight = 0;
        for (let i = 0; i < d; i++) {
          const out = q * width + h * d + i;
          y[out]! += sign(score) * bit(at(k, 2, h, i));
          dWeight += dy[out]! * bit(at(k, 2, h, i));
          passed(at(k, 2, h, i), sign(score) * dy[out]!);
        }
        const dScore = Math.abs(score) <= 1 ? dWeight / Math.sqrt(d) : 0;
        for (let i = 0; i < d; i++) {
          passed(at(q, 0, h, i), dScore * bit(at(k, 1, h, i)));
          passed(at(k, 1, h, i), dScore * bit(at(q, 0, h, i)));
        }
      }
  return { y, dx };
}

it('binaryAttention: values and gradients of loops, saved as it is, no tensor left', () => {
  const [t, heads, d] = [5, 2, 3];
  const shape: [number, number, number] = [1, t, 3 * heads * d];
  const layer = binaryAttention({ heads, inputQuantizer: 'test-ste', scoreQuantizer: 'test-ste' });
  layer.build([null, ...shape.slice(1)]);
  const [x, dy] = [random(3, size(shape), 1.5), random(4, t * heads * d)];
  const expected = bitsOracle(x, t, heads, d, dy);
  const tensors = tf.memory().numTensors;
  tf.tidy(() => {
    const input = tf.tensor(x, shape);
    const run = (v: tf.Tensor) => layer.call(v, { training: true });
    close(values(run(input)), expected.y);
    const gradient = tf.grad((v) => tf.sum(tf.mul(run(v), tf.tensor(dy, [1, t, heads * d]))))(input);
    close(values(gradient), expected.dx);
  });
  expect(tf.memory().numTensors).toBe(tensors);
  expect(layer.computeOutputShape([null, ...shape.slice(1)])).toEqual([null, t, heads * d]);
  const again = binaryAttention(layer.getConfig() as never);
  expect(again.getConfig()).toEqual(layer.getConfig());
  expect(again.slots.get('score')!.quantizer.name).toBe('test-ste');
  expect(() => binaryAttention({ heads: 2 }).build([null, 4, 10])).toThrow(/a multiple of 6/);
});

/** Central differences of sum(weights * f(x)), in float64 by the oracle. */
const differences = (
  f: (x: number[]) => number[],
  x: readonly number[],
  weights: readonly number[],
): number[] =>
  x.map((_, i) => {
    const loss = (step: number) => f(x.map((v, k) => (k === i ? v + step : v))).reduce((sum, y, k) => sum + y * weights[k]!, 0); // prettier-ignore
    return (loss(1e-4) - loss(-1e-4)) / 2e-4;
  });

const close = (actual: number[], expected: number[], tolerance = 2e-5): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((v, i) =>
    expect(Math.abs(v - expected[i]!), `at ${i}: ${v}, ${expected[i]}`).toBeLessThan(tolerance),
  );
};

describe('attention', () => {
  it.each([
    [1, 1, 1, 1],
    [2, 3, 2, 2],
    [1, 5, 1, 7],
    [2, 8, 3, 4],
  ])('equals its formula and its gradient: n %i, t %i, heads %i, d %i', (n, t, heads, d) => {
    const shape = [n, t, 3 * heads * d];
    const x = random(t * heads + d, size(shape), 2);
    close(values(attend(tf.tensor(x, shape), heads)), attendOracle(x, n, t, heads, d));
    const weights = random(9, n * t * heads * d);
    const loss = (v: tf.Tensor) => tf.sum(tf.mul(attend(v, heads), tf.tensor(weights, [n, t, heads * d])));
    const expected = differences((v) => attendOracle(v, n, t, heads, d), x, weights);
    close(values(tf.grad(loss)(tf.tensor(x, shape))), expected, 1e-4);
  });

  it('takes scores that overflow an exponential', () => {
    const x = tf.tensor([200, 1, 0, 200, 300, 1], [1, 2, 3]);
    expect(values(attend(x, 1)).every(Number.isFinite)).toBe(true);
  });

  it('says what does not fit', () => {
    const code = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return (error as BitgradError).code;
      }
      return 'none';
    };
    expect(code(() => attention({ heads: 0 }))).toBe('invalid-option');
    expect(code(() => attention({ heads: 2 }).apply(tf.zeros([1, 2, 9])))).toBe('shape-mismatch');
    expect(code(() => attention({ heads: 1 }).apply(tf.zeros([1, 9])))).toBe('shape-mismatch');
  });
});

describe('layerNorm', () => {
  it('gives beta for a constant row, also of one value, and a finite gradient', () => {
    for (const epsilon of [undefined, 1e-12])
      for (const x of [tf.fill([2, 5], 0.3), tf.zeros([2, 5]), tf.ones([2, 1])]) {
        const layer = layerNorm({ epsilon });
        const call = (t: tf.Tensor) => layer.apply(t) as tf.Tensor;
        expect([...call(x).dataSync()].every((y) => Math.abs(y) < 0.1)).toBe(true);
        expect([...tf.grad(call)(x).dataSync()].every((g) => Math.abs(g) < 1)).toBe(true);
      }
    expect(() => layerNorm({ epsilon: 0 })).toThrow(/epsilon/);
  });

  it.each([[[1, 1]], [[3, 5]], [[2, 3, 8]], [[1, 2, 1, 7]]])(
    'equals its formula and its gradients: %j',
    (shape) => {
      const c = shape.at(-1)!;
      const x = random(c, size(shape), 3);
      const [gamma, beta, weights] = [random(1, c), random(2, c), random(3, size(shape))];
      const tensors = [tf.tensor(x, shape), tf.tensor1d(gamma), tf.tensor1d(beta)] as const;
      close(values(layerNormalize(...tensors, 1e-2)), layerNormOracle(x, gamma, beta, 1e-2));
      const loss = (a: tf.Tensor, b: tf.Tensor, e: tf.Tensor) =>
        tf.sum(tf.mul(layerNormalize(a, b, e, 1e-2), tf.tensor(weights, shape)));
      const actual = tf
        .grads(loss as never)([...tensors])
        .map(values);
      close(
        actual[0]!,
        differences((v) => layerNormOracle(v, gamma, beta, 1e-2), x, weights),
        1e-4,
      );
      close(
        actual[1]!,
        differences((v) => layerNormOracle(x, v, beta, 1e-2), gamma, weights),
        1e-4,
      );
      close(
        actual[2]!,
        differences((v) => layerNormOracle(x, gamma, v, 1e-2), beta, weights),
        1e-4,
      );
    },
  );

  it('is finite on a constant row, and equals the layer of tfjs', () => {
    const x = tf.tensor([7, 7, 7, 7, 1, 2, 3, 4], [2, 4]);
    const ours = values(layerNorm({ epsilon: 1e-3 }).apply(x) as tf.Tensor);
    expect(ours.slice(0, 4)).toEqual([0, 0, 0, 0]);
    close(ours, values(tfl.layers.layerNormalization().apply(x) as tf.Tensor));
  });
});

describe('tokens', () => {
  const x = () => tf.tensor(random(4, 24), [2, 3, 4]);

  it('are added to, prefixed and taken', () => {
    const position = positionEmbedding({ seed: 3 });
    const y = position.apply(x()) as tf.Tensor;
    const embedding = values(position.embedding.read());
    expect(position.embedding.shape).toEqual([3, 4]);
    close(
      values(y),
      random(4, 24).map((v, i) => v + embedding[i % 12]!),
    );
    const token = classToken({ seed: 3 });
    const longer = token.apply(x()) as tf.Tensor3D;
    expect([longer.shape, token.computeOutputShape([null, 3, 4])]).toEqual([
      [2, 4, 4],
      [null, 4, 4],
    ]);
    const first = firstToken().apply(longer) as tf.Tensor;
    expect([...values(first)]).toEqual([0, 1].flatMap(() => values(token.embedding.read())));
    close(values(tf.slice(longer, [0, 1, 0], [2, 3, 4])), random(4, 24));
  });

  it('start small, by their seed', () => {
    const start = (seed: number) => {
      const layer = positionEmbedding({ seed });
      layer.build([null, 16, 16]);
      return values(layer.embedding.read());
    };
    expect(start(1)).toEqual(start(1));
    expect(start(1)).not.toEqual(start(2));
    const deviation = Math.sqrt(start(1).reduce((sum, v) => sum + v * v, 0) / 256);
    expect(deviation).toBeGreaterThan(0.012);
    expect(deviation).toBeLessThan(0.024);
  });

  it('need known sizes', () => {
    expect(() => positionEmbedding().build([null, null, 4])).toThrow(/axis 1/);
    expect(() => classToken().build([null, 4])).toThrow(/rank 3/);
  });
});

describe('a block of them', () => {
  const model = () => {
    const input = tfl.input({ shape: [3, 4] });
    const apply = (layer: tfl.layers.Layer, y: unknown) =>
      layer.apply(y as tfl.SymbolicTensor) as tfl.SymbolicTensor;
    let y = apply(classToken({ name: 'class', seed: 1 }), input);
    y = apply(positionEmbedding({ name: 'position', seed: 2 }), y);
    y = apply(layerNorm({ name: 'norm', epsilon: 1e-4 }), y);
    const quantized = { kernelQuantizer: 'test-ste', inputQuantizer: 'test-ste', useBias: false };
    y = apply(quantDense({ name: 'qkv', units: 12, seed: 3, ...quantized }), y);
    y = apply(attention({ name: 'attention', heads: 2 }), y);
    return tfl.model({ inputs: input, outputs: apply(firstToken({ name: 'first' }), y) });
  };

  it('learns every weight without leaking tensors', () => {
    const net = model();
    const variables = net.trainableWeights.map((w) => w.read() as tf.Variable);
    expect(variables.length).toBe(5);
    const before = variables.map(values);
    const [x, optimizer] = [tf.tensor(random(8, 24), [2, 3, 4]), tf.train.sgd(0.1)];
    const loss = () =>
      tf.sum(tf.square(tf.sub(net.apply(x, { training: true }) as tf.Tensor, 1))) as tf.Scalar;
    const step = () => tf.tidy(() => void optimizer.minimize(loss, false, variables));
    step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 3; i++) step();
    net.predict(x as never);
    expect(tf.memory().numTensors - 1).toBe(numTensors);
    variables.forEach((v, i) => expect(values(v), v.name).not.toEqual(before[i]));
  });

  it('is saved and loaded as it is', async () => {
    const net = model();
    let saved: tf.io.ModelArtifacts | undefined;
    await net.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
    const x = tf.tensor(random(8, 24), [2, 3, 4]);
    expect(values(loaded.predict(x) as tf.Tensor)).toEqual(values(net.predict(x) as tf.Tensor));
    expect(loaded.getLayer('norm').getConfig()['epsilon']).toBe(1e-4);
  });
});
