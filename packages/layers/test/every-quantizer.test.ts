// Every published quantizer in every place it may be used: the layer's product equals the plain product of what core's
// quantize gives, forward and backward, in training, at inference and hardened.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { defaultRegistry, initialClock, quantize, use } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import {
  quantConv2d,
  quantConv2dTranspose,
  quantDense,
  quantDepthwiseConv2d,
  type ProductLayer,
} from '../src/index.js';
import { samples } from './oracle.js';

use(stePlugin);
const clock = { ...initialClock, step: 3, totalSteps: 10, learningRate: 0.1, learningRateSum: 0.3 };

type Options = { inputQuantizer: string | null; quantizer: string | null };
const layers: Record<
  string,
  [(o: Options) => ProductLayer, number[], (x: tf.Tensor, w: tf.Tensor) => tf.Tensor]
> = {
  dense: [
    ({ inputQuantizer, quantizer }) => quantDense({ units: 3, inputQuantizer, kernelQuantizer: quantizer }),
    [2, 6],
    (x, w) => tf.matMul(x, w),
  ],
  conv2d: [
    ({ inputQuantizer, quantizer }) =>
      quantConv2d({ filters: 3, kernelSize: 3, padding: 'same', inputQuantizer, kernelQuantizer: quantizer }),
    [2, 4, 5, 2],
    (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  ],
  depthwise: [
    ({ inputQuantizer, quantizer }) =>
      quantDepthwiseConv2d({
        kernelSize: 2,
        depthMultiplier: 2,
        inputQuantizer,
        depthwiseQuantizer: quantizer,
      }),
    [2, 4, 5, 2],
    (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid'),
  ],
  transpose: [
    ({ inputQuantizer, quantizer }) =>
      quantConv2dTranspose({
        filters: 3,
        kernelSize: 2,
        strides: 2,
        inputQuantizer,
        kernelQuantizer: quantizer,
      }),
    [2, 3, 2, 2],
    (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 6, 4, 3], 2, 'same'),
  ],
};

const close = (actual: tf.Tensor, expected: tf.Tensor, what: string) => {
  const values = [...expected.dataSync()];
  const scale = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  [...actual.dataSync()].forEach((v, i) => {
    if (!(Math.abs(v - values[i]!) <= 1e-5 * scale))
      expect.fail(`${what}[${i}]: got ${v}, expected ${values[i]}`);
  });
};

const names = Object.keys(stePlugin.quantizers);
const cases = names.flatMap((name) => {
  const { roles } = defaultRegistry().quantizer(name).capabilities;
  return roles.map((role) => [name, role] as const);
});

describe.each(cases)('%s as %s quantizer', (name, role) => {
  it.each(Object.keys(layers))('in a %s layer', (kind) => {
    const [create, shape, product] = layers[kind]!;
    const layer = create({
      inputQuantizer: role === 'input' ? name : null,
      quantizer: role === 'kernel' ? name : null,
    });
    layer.build([null, ...shape.slice(1)]);
    layer.clock = clock;
    const [[slot, weight]] = [...layer.kernels] as [[string, (typeof layer)['weights'][0]]];
    const kernel = weight.read() as tf.Variable;
    const x = tf.tensor(samples(5, tf.util.sizeFromShape(shape)), shape);
    const use = [...layer.slots.values()][0]!;
    for (const [training, hardened] of [
      [true, false],
      [false, false],
      [false, true],
    ] as const) {
      layer.hardened = hardened;
      const apply = (v: tf.Tensor) => quantize(use.quantizer, v, layer.quantizeOptions(use.name, training));
      const plain = (v: tf.Tensor) =>
        use.name === slot ? product(v, apply(kernel)) : product(apply(v), kernel);
      const own = (v: tf.Tensor) => layer.call(v, { training });
      const y = plain(x);
      const dy = tf.tensor(samples(6, y.size), y.shape);
      close(own(x), y, 'y');
      close(
        tf.grad((v) => tf.sum(tf.mul(own(v), dy)))(x),
        tf.grad((v) => tf.sum(tf.mul(plain(v), dy)))(x),
        'dx',
      );
      const variables = [kernel, ...use.parameters.map((p) => p.weight.read() as tf.Variable)];
      const gradients = (f: (v: tf.Tensor) => tf.Tensor) =>
        tf.variableGrads(() => tf.sum(tf.mul(f(x), dy)), variables).grads;
      const [a, b] = [gradients(own), gradients(plain)];
      variables.forEach((v) => close(a[v.name]!, b[v.name]!, v.name));
    }
  });
});
