// Threads: the same bits for any number of them, the report says so, nothing grows, bad options are refused.
import { adamSteps, E, elementwise, runKernel } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ranges } from '../src/training/calls.js';
import { wasm } from '../src/index.js';
import { gradients, input, runOn, type Compute, type Input } from './support.js';

const signs = (seed: number, shape: number[]): Input => {
  const { values } = input(seed, shape);
  return { shape, values: values.map((v) => (v >= 0 ? 1 : -1)) };
};
const conv = (stride: number): Compute =>
  gradients((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, 'same'));
const binaryConv: Compute = (x, filter) =>
  runKernel(
    'BitgradBinaryConv2D',
    { x: x!, filter: filter! },
    { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], padValue: 0 },
  );

const kernel =
  (name: Parameters<typeof runKernel>[0], inputs: readonly string[], attrs = {}): Compute =>
  (...tensors) =>
    runKernel(name, Object.fromEntries(inputs.map((input, i) => [input, tensors[i]!])), attrs);
const [a, b] = [E.input('a'), E.input('b')];
const adamOptions = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-7 };
const rows = input(1, [5000, 130], 3);
const vector = input(2, [130]);
const image = input(1, [7, 40, 41, 70], -1);
const depthwise = gradients((x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'));
const average = gradients((x) => tf.avgPool(x as tf.Tensor4D, 3, 2, 'same'));
const largest = gradients((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'));

/** Each is large enough for threads, in the kernels that are named. */
const cases: [name: string, kernels: string[], compute: Compute, inputs: Input[]][] = [
  [
    'convolution',
    ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'],
    conv(1),
    [input(1, [5, 17, 15, 24]), input(2, [3, 3, 24, 40])],
  ],
  [
    'convolution, stride 2',
    ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'],
    conv(2),
    [input(1, [8, 25, 25, 24]), input(2, [3, 3, 24, 40])],
  ],
  [
    'convolution of 3 channels',
    ['Conv2DBackpropFilter'],
    conv(1),
    [input(1, [13, 33, 31, 3]), input(2, [3, 3, 3, 20])],
  ],
  [
    'convolution of +-1',
    ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'],
    conv(1),
    [signs(1, [5, 17, 15, 24]), signs(2, [3, 3, 24, 40])],
  ],
  [
    'convolution of +-1, 128 channels',
    ['Conv2DBackpropFilter'],
    conv(1),
    [signs(1, [2, 9, 9, 64]), signs(2, [3, 3, 64, 128])],
  ],
  [
    'convolution of +-1, 13 channels, many images',
    ['Conv2DBackpropFilter'],
    conv(1),
    [signs(1, [19, 21, 22, 13]), signs(2, [3, 3, 13, 13])],
  ],
  [
    'products',
    ['BatchMatMul'],
    gradients((x, y) => tf.matMul(x, y)),
    [input(1, [211, 300]), input(2, [300, 170])],
  ],
  [
    'products of +-1',
    ['BatchMatMul'],
    gradients((x, y) => tf.matMul(x, y)),
    [signs(1, [211, 300]), signs(2, [300, 170])],
  ],
  [
    'packed convolution',
    ['BitgradBinaryConv2D'],
    binaryConv,
    [signs(1, [9, 15, 15, 70]), signs(2, [3, 3, 70, 70])],
  ],
  ['depthwise convolution', ['DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'], depthwise, [image, input(2, [3, 3, 70, 1])]], // prettier-ignore
  ['max pooling', ['MaxPool', 'MaxPoolGrad'], largest, [image]],
  ['average pooling', ['AvgPool', 'AvgPoolGrad'], average, [image]],
  [
    'sums and products',
    ['Add', 'Sub', 'Multiply'],
    (x, y, z) => [tf.add(x!, y!), tf.sub(x!, z!), tf.mul(x!, 3), tf.mul(z!, x!)],
    [rows, input(3, [5000, 130]), vector],
  ],
  [
    'expressions',
    ['BitgradElementwise'],
    (x, y) => [
      elementwise(E.mul(E.tanh(a), E.sub(b, 0.3)), { a: x!, b: y! }, [5000, 130]),
      elementwise(E.exp(a), { a: x! }, [5000, 130]),
    ],
    [rows, vector],
  ],
  ['batch normalization', ['BitgradBatchNormTrain'], kernel('BitgradBatchNormTrain', ['x', 'gamma', 'beta'], { epsilon: 1e-3 }), [rows, vector, vector]], // prettier-ignore
  [
    'batch normalization, gradient',
    ['BitgradBatchNormTrainGrad'],
    kernel('BitgradBatchNormTrainGrad', ['x', 'dy', 'gamma', 'mean', 'inverseStd']),
    [rows, input(4, [5000, 130]), vector, vector, vector],
  ],
  ['layer normalization', ['BitgradLayerNorm'], kernel('BitgradLayerNorm', ['x', 'gamma', 'beta'], { epsilon: 1e-3 }), [rows, vector, vector]], // prettier-ignore
  [
    'layer normalization, gradient',
    ['BitgradLayerNormGrad'],
    kernel('BitgradLayerNormGrad', ['x', 'dy', 'gamma', 'mean', 'inverseStd']),
    [rows, input(4, [5000, 130]), vector, input(5, [5000]), input(6, [5000])],
  ],
  ['cross-entropy', ['BitgradSoftmaxCrossEntropy'], kernel('BitgradSoftmaxCrossEntropy', ['logits', 'labels']), [rows, input(4, [5000, 130], 2)]], // prettier-ignore
  ['PReLU, gradient', ['BitgradPReluGrad'], kernel('BitgradPReluGrad', ['x', 'alpha', 'dy']), [input(5, [5000, 130]), vector, rows]], // prettier-ignore
  [
    'Adam',
    ['BitgradAdamStep'],
    kernel('BitgradAdamStep', ['value', 'gradient', 'm', 'v'], {
      ...{ ...adamOptions, correction1: 0.1, correction2: 0.01 },
    }),
    [1, 2, 3, 4].map((seed) => input(seed, [700_001], 9)),
  ],
  [
    'Adam of many variables',
    ['BitgradAdamStep'],
    (value, gradient, m, v) =>
      adamSteps(
        Array.from({ length: 70 }, () => ({ value: value!, gradient: gradient!, m: m!, v: v! })),
        { ...adamOptions, correction1: 0.1, correction2: 0.01 },
      ).flat(),
    [1, 2, 3, 4].map((seed) => input(seed, [10_001], 9)),
  ],
  [
    'momentum',
    ['BitgradMomentumStep'],
    kernel('BitgradMomentumStep', ['value', 'gradient', 'velocity'], {
      ...{ learningRate: 0.1, momentum: 0.9, nesterov: true },
    }),
    [1, 2, 3].map((seed) => input(seed, [700_001])),
  ],
];

describe('threads', () => {
  it.each(cases)('%s: the same bits with 1, 2 and 5', async (_, kernels, compute, inputs) => {
    const results: Buffer[][] = [];
    for (const threads of [1, 2, 5]) {
      const adapter = wasm({ threads });
      await adapter.start();
      const values = await runOn('wasm', compute, inputs);
      results.push(values.map(({ buffer }) => Buffer.from(buffer)));
      const threaded = Object.keys(adapter.report()).filter((name) => name.endsWith('/threads'));
      expect(threaded).toEqual(threads > 1 ? expect.arrayContaining(kernels.map((k) => `${k}/threads`)) : []);
      await adapter.dispose();
    }
    for (const other of results.slice(1))
      other.forEach((bytes, i) => expect(bytes.equals(results[0]![i]!)).toBe(true));
  });

  it('memory stays flat', async () => {
    const adapter = wasm({ threads: 2 });
    await adapter.start();
    const [, , compute, inputs] = cases[3]!;
    await runOn('wasm', compute, inputs);
    const { numTensors } = tf.memory();
    const heap = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm;
    const bytes = heap.HEAPU8.length;
    for (let i = 0; i < 20; i++) await runOn('wasm', compute, inputs);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(heap.HEAPU8.length).toBe(bytes);
    await adapter.dispose();
  });

  it('refuses numbers that make no sense', () => {
    for (const threads of [0, -1, 1.5, NaN, 65, '2' as never])
      expect(() => wasm({ threads })).toThrow(/threads.*an integer from 1 to 64/);
  });

  it('splits into ranges that cover everything once', () => {
    expect(ranges(10, 1, 3)).toEqual([
      [0, 3],
      [3, 6],
      [6, 10],
    ]);
    expect(ranges(70, 32, 2)).toEqual([
      [0, 32],
      [32, 70],
    ]);
    expect(ranges(5, 32, 4)).toEqual([[0, 5]]);
    expect(ranges(0, 1, 4)).toEqual([[0, 0]]);
  });
});
