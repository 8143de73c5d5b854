// Every layer type of tfjs-layers that people train: one step on wasm gives the results and gradients of cpu.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { input, randoms, relativeError, runOn, size } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

const L = tfl.layers;
const image: number[] = [2, 8, 7, 3];
const sequence: number[] = [2, 9, 4];
const odd = { filters: 5, kernelSize: 3 };

/** Name, maker, shape of the input. Pooling and resizing leave out what tfjs's cpu backend gets wrong. */
const layers: [string, () => tfl.layers.Layer, number[]][] = [
  ['conv1d', () => L.conv1d({ ...odd, padding: 'same' }), sequence],
  ['conv1d, stride 2', () => L.conv1d({ ...odd, strides: 2, activation: 'relu' }), sequence],
  ['conv2d with bias', () => L.conv2d({ ...odd, padding: 'same', activation: 'tanh' }), image],
  ['conv2d, stride 2', () => L.conv2d({ ...odd, strides: 2, padding: 'same' }), image],
  [
    'conv2d, stride 3 over kernel 2',
    () => L.conv2d({ filters: 4, kernelSize: 2, strides: 3, padding: 'same' }),
    image,
  ],
  ['conv2dTranspose', () => L.conv2dTranspose({ ...odd, strides: 2, padding: 'same' }), image],
  ['depthwiseConv2d', () => L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }), image],
  ['separableConv2d', () => L.separableConv2d({ ...odd, strides: 2, padding: 'same' }), image],
  ['dense', () => L.dense({ units: 6, activation: 'sigmoid' }), [4, 7]],
  ['dense on sequences', () => L.dense({ units: 6 }), sequence],
  ['batchNormalization', () => L.batchNormalization(), image],
  ['layerNormalization', () => L.layerNormalization(), sequence],
  ['prelu', () => L.prelu({ alphaInitializer: 'randomNormal' }), image],
  ['elu', () => L.elu(), image],
  ['leakyReLU', () => L.leakyReLU(), image],
  ['softmax', () => L.softmax({}), [4, 7]],
  ['maxPooling1d', () => L.maxPooling1d({ poolSize: 2 }), sequence],
  ['maxPooling2d', () => L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), image],
  ['averagePooling2d', () => L.averagePooling2d({ poolSize: 2 }), image],
  ['globalMaxPooling2d', () => L.globalMaxPooling2d({}), image],
  ['globalAveragePooling2d', () => L.globalAveragePooling2d({}), image],
  ['upSampling2d', () => L.upSampling2d({ size: [2, 2] }), [1, 4, 3, 2]],
  ['upSampling2d bilinear', () => L.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }), [2, 4, 4, 2]],
  ['zeroPadding2d', () => L.zeroPadding2d({ padding: [1, 2] }), image],
  [
    'cropping2d',
    () =>
      L.cropping2D({
        cropping: [
          [1, 1],
          [2, 0],
        ],
      }),
    image,
  ],
  ['simpleRNN', () => L.simpleRNN({ units: 5, recurrentInitializer: 'glorotNormal' }), sequence],
  ['gru', () => L.gru({ units: 5, recurrentInitializer: 'glorotNormal' }), sequence],
  ['lstm', () => L.lstm({ units: 5, recurrentInitializer: 'glorotNormal' }), sequence],
];

/** Result and gradients of one step, with weights of known values. */
const step =
  (make: () => tfl.layers.Layer) =>
  (...[x]: tf.Tensor[]): tf.Tensor[] => {
    const layer = make();
    layer.apply(x!, { training: true });
    layer.setWeights(
      layer.getWeights().map((w, i) =>
        tf.tensor(
          randoms(i + 2, size(w.shape)).map((v) => v / 3),
          w.shape,
        ),
      ),
    );
    const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    const loss = (): tf.Scalar => {
      const y = layer.apply(x!, { training: true }) as tf.Tensor;
      return tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape)));
    };
    const gradients = variables.length > 0 ? Object.values(tf.variableGrads(loss, variables).grads) : [];
    return [
      layer.apply(x!, { training: true }) as tf.Tensor,
      tf.grad((t) => tf.sum(tf.square(layer.apply(t, { training: true }) as tf.Tensor)))(x!),
      ...gradients,
    ];
  };

describe('layers train on wasm as on cpu', () => {
  it.each(layers)('%s', async (_, make, shape) => {
    const inputs = [input(1, shape)];
    const [expected, actual] = [
      await runOn('cpu', step(make), inputs),
      await runOn('wasm', step(make), inputs),
    ];
    actual.forEach((values, i) =>
      expect(relativeError(values, expected[i]!), `output ${i}`).toBeLessThan(1e-4),
    );
  });

  it('the gradient of conv3d, wrong in tfjs on wasm, is refused', async () => {
    await tf.setBackend('wasm');
    const conv = (): tf.Tensor =>
      tf.grad((x) => tf.conv3d(x as tf.Tensor5D, tf.ones([2, 2, 2, 1, 1]), 1, 'valid'))(
        tf.ones([1, 3, 3, 3, 1]),
      );
    expect(() => tf.tidy(conv)).toThrow(expect.objectContaining({ code: 'kernel-missing' }));
  });

  it('embedding', async () => {
    const f = (): tf.Tensor[] => {
      const layer = L.embedding({ inputDim: 6, outputDim: 3 });
      const ids = tf.tensor2d(
        [
          [0, 5, 5],
          [2, 0, 5],
        ],
        [2, 3],
        'int32',
      );
      layer.apply(ids);
      const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
      const loss = (): tf.Scalar =>
        tf.sum(tf.mul(layer.apply(ids) as tf.Tensor, tf.reshape(tf.range(0, 18), [2, 3, 3])));
      return Object.values(tf.variableGrads(loss, variables).grads);
    };
    const [expected, actual] = [await runOn('cpu', f, []), await runOn('wasm', f, [])];
    expect(actual).toEqual(expected);
  });
});
