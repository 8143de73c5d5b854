// The kind of a model's output: read from how the graph ends, told, stored, and used.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as tfl from '@tensorflow/tfjs-layers';
import { outputKindOf, quantConv2d, quantDense } from '@bitgrad/layers';
import { decodeModel, jsEngine, loadModel, topClasses } from '@bitgrad/runtime';
import { compileModel, type CompileOptions } from '../src/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Node = tfl.SymbolicTensor;
const build = (shape: number[], end: (x: Node) => unknown): tfl.LayersModel => {
  const inputs = tfl.input({ shape });
  return tfl.model({ inputs, outputs: end(inputs) as Node });
};
const { layers: l } = tfl;
const dense = (units: number, activation?: string) => l.dense({ units, activation: activation as 'relu' });
const conv = (filters: number, activation?: string) => l.conv2d({ filters, kernelSize: 1, activation: activation as 'relu' }); // prettier-ignore

const vector = [6];
const image = [4, 4, 2];
const cases: [string, () => tfl.LayersModel, string][] = [
  ['dense', () => build(vector, (x) => dense(3).apply(x)), 'logits'],
  ['quantDense', () => build(vector, (x) => quantDense({ units: 3 }).apply(x)), 'logits'],
  ['dense + batchNorm', () => build(vector, (x) => l.batchNormalization().apply(dense(3).apply(x))), 'logits'], // prettier-ignore
  ['one dense output', () => build(vector, (x) => dense(1).apply(x)), 'regression'],
  ['dense relu', () => build(vector, (x) => dense(3, 'relu').apply(x)), 'logits'],
  ['dense softmax', () => build(vector, (x) => dense(3, 'softmax').apply(x)), 'probabilities'],
  ['quantDense softmax', () => build(vector, (x) => quantDense({ units: 3, activation: 'softmax' }).apply(x)), 'probabilities'], // prettier-ignore
  ['softmax layer', () => build(vector, (x) => l.softmax().apply(dense(3).apply(x))), 'probabilities'],
  ['softmax activation, dropout', () => build(vector, (x) => l.dropout({ rate: 0.1 }).apply(l.activation({ activation: 'softmax' }).apply(dense(3).apply(x)))), 'probabilities'], // prettier-ignore
  ['dense sigmoid', () => build(vector, (x) => dense(3, 'sigmoid').apply(x)), 'sigmoid'],
  ['one sigmoid', () => build(vector, (x) => dense(1, 'sigmoid').apply(x)), 'sigmoid'],
  ['hard sigmoid', () => build(vector, (x) => dense(2, 'hardSigmoid').apply(x)), 'sigmoid'],
  ['sigmoid, flattened', () => build(image, (x) => l.flatten().apply(conv(2, 'sigmoid').apply(x))), 'sigmoid'], // prettier-ignore
  ['pixels softmax', () => build(image, (x) => conv(3, 'softmax').apply(x)), 'probabilities'],
  ['pixels softmax, flattened to pixels', () => build(image, (x) => l.reshape({ targetShape: [16, 3] }).apply(conv(3, 'softmax').apply(x))), 'probabilities'], // prettier-ignore
  ['pixels softmax, joined', () => build(image, (x) => l.flatten().apply(conv(3, 'softmax').apply(x))), 'logits'], // prettier-ignore
  ['pixels', () => build(image, (x) => conv(3).apply(x)), 'regression'],
  [
    'nested models',
    () => {
      const inner = tfl.sequential({ layers: [l.dense({ units: 3, activation: 'softmax', inputShape: [6] })] }); // prettier-ignore
      return build(vector, (x) => inner.apply(dense(6).apply(x)));
    },
    'probabilities',
  ],
];

describe('the kind of output', () => {
  it.each(cases)('of %s', async (_name, make, kind) => {
    const model = make();
    expect(outputKindOf(model)).toBe(kind);
    const { bytes } = await compileModel(model);
    expect(decodeModel(bytes).metadata.output).toBe(kind);
  });
  it('of pixels is logits where class names say so', async () => {
    const model = build(image, (x) => quantConv2d({ filters: 3, kernelSize: 1 }).apply(x));
    const { model: packed } = await compileModel(model, { metadata: { classes: ['a', 'b', 'c'] } });
    expect(packed.metadata.output).toBe('logits');
  });
  it('may be told', async () => {
    const model = build(vector, (x) => dense(1).apply(x));
    for (const options of [{ output: 'logits' }, { metadata: { output: 'logits' } }] as CompileOptions[])
      expect((await compileModel(model, options)).model.metadata.output).toBe('logits');
  });
  it.each([
    [{ output: 'softmax' as never }, /option "output" .* got "softmax", expected one of "logits"/],
    [{ output: 'logits' }, /ends in a softmax: got "logits", expected probabilities/],
    [{ output: 'regression', metadata: { output: 'probabilities' } }, /"output" and "metadata.output"/],
    [{ metadata: { classes: ['a', 'b'] } }, /class names .* got 2, expected 3/],
  ] as [CompileOptions, RegExp][])('is refused where it cannot be (%#)', async (options, message) => {
    const model = build(vector, (x) => dense(3, 'softmax').apply(x));
    await expect(compileModel(model, options)).rejects.toThrow(message);
  });
  it('is used by topClasses: the model says the same as its packed form', async () => {
    const input = Float32Array.of(3, -1, 4, 1, -5, 9);
    for (const [units, activation, classes] of [
      [3, 'softmax', ['a', 'b', 'c']],
      [3, 'sigmoid', ['a', 'b', 'c']],
      [1, 'sigmoid', ['cat']],
    ] as const) {
      const graph = build(vector, (x) => l.dense({ units, activation, kernelInitializer: l0 }).apply(x));
      const { bytes } = await compileModel(graph, { metadata: { classes } });
      const model = await loadModel(bytes, { engine: jsEngine() });
      const y = await model.predict(input);
      const scores = topClasses(y, model);
      for (const [i, v] of y.entries()) expect(scores.find((s) => s.name === classes[i])!.probability).toBeCloseTo(v, 6); // prettier-ignore
      expect(scores.length).toBe(Math.max(2, units));
      model.dispose();
    }
  });
});

const l0 = tfl.initializers.randomNormal({ seed: 5, stddev: 0.3 });
