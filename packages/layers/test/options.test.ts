// Options of every layer: unknown ones are errors that name the one that was meant, and so are bad values.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/core';
import * as own from '../src/index.js';

type Make = (args?: object) => tfl.layers.Layer;
const conv = { filters: 2, kernelSize: 3 };
/** Every layer factory of the package with what it needs. */
const factories: Record<string, object> = {
  attention: { heads: 1 },
  batchNorm: {},
  binaryAttention: { heads: 1 },
  classToken: {},
  firstToken: {},
  hardTanh: {},
  layerNorm: {},
  padding: {},
  positionEmbedding: {},
  prelu: {},
  quantActivation: { inputQuantizer: 'test-ste' },
  quantConv1d: conv,
  quantConv2d: conv,
  quantConv2dTranspose: conv,
  quantDense: { units: 2 },
  quantDepthwiseConv2d: { kernelSize: 3 },
  quantSeparableConv2d: conv,
  rprelu: {},
};
const make = (name: string): Make => (own as unknown as Record<string, Make>)[name]!;

const errorOf = (run: () => unknown): BitgradError => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};

describe('options of layers', () => {
  it('are known for every exported layer', () => {
    const made = Object.entries(own).filter(
      ([name, value]) => /^[a-z]/.test(name) && typeof value === 'function' && name in factories,
    );
    const classes = Object.values(own).filter(
      (value) => typeof value === 'function' && value.prototype instanceof tfl.layers.Layer && 'className' in value, // prettier-ignore
    );
    expect(made.map(([name]) => name).sort()).toEqual(Object.keys(factories).sort());
    // `prelu` makes a layer of tfjs-layers.
    expect(made).toHaveLength(classes.length + 1);
  });
  it.each(Object.entries(factories))('of %s: every known one, no other', (name, args) => {
    const layer = make(name)({
      ...args,
      name: 'x',
      trainable: false,
      inputShape: [4, 4, 2],
      dtype: 'float32',
    });
    expect(layer.name).toBe('x');
    for (const wrong of ['widht', 'inputshape', 'callbacks', 'constructor']) {
      const error = errorOf(() => make(name)({ ...args, [wrong]: 1 }));
      expect([error.code, error.source]).toEqual(['invalid-option', 'layers']);
      expect(error.message).toMatch(`has no option "${wrong}": expected one of name, trainable`);
    }
    expect(errorOf(() => make(name)({ ...args, inputshape: [4] })).message).toMatch(
      'Did you mean "inputShape"?',
    );
    // The configuration that is saved is made of known options.
    const config = layer.getConfig();
    expect(() => make(name)({ ...config, name: 'y' })).not.toThrow();
    expect(() => make(name)(null as never)).toThrow(BitgradError);
    expect(() => make(name)(5 as never)).toThrow(BitgradError);
  });
  it.each([
    ['quantConv2d', { ...conv, kernel_quantizer: 'test-ste' }, 'kernelQuantizer'],
    ['quantConv2d', { ...conv, padValue: 1 }, 'padValues'],
    ['quantConv2d', { ...conv, useBiass: true }, 'useBias'],
    ['quantDense', { units: 4, kernelQuantiser: 'test-ste' }, 'kernelQuantizer'],
    ['quantDense', { units: 4, input_quantizer: 'test-ste' }, 'inputQuantizer'],
    ['quantDepthwiseConv2d', { kernelSize: 3, depthwise_quantizer: 'test-ste' }, 'depthwiseQuantizer'],
    ['batchNorm', { momentun: 0.5 }, 'momentum'],
    ['weightClip', { clip: 2 }, 'clipValue'],
  ])('%s %j: did you mean %s', (name, args, meant) => {
    expect(errorOf(() => make(name)(args)).message).toMatch(`Did you mean "${meant}"?`);
  });
  it.each([
    ['quantConv2d', { ...conv, kernelConstraint: 'weightClip', depthwiseQuantizer: 'test-ste' }],
    ['quantConv1d', { ...conv, groups: 2 }],
    ['quantDense', { units: 2, strides: 2 }],
    ['quantDense', { units: 2, useBias: 1 }],
    ['quantDense', { units: 2, seed: 0.5 }],
    ['quantDense', { units: 2, seed: 'a' }],
    ['quantDense', { units: 2, trainable: 'no' }],
    ['quantDense', undefined],
    ['quantConv2d', undefined],
    ['quantDepthwiseConv2d', undefined],
    ['attention', undefined],
    ['batchNorm', { momentum: 1.5 }],
    ['batchNorm', { momentum: -3 }],
    ['batchNorm', { epsilon: -1 }],
    ['batchNorm', { epsilon: 'x' }],
    ['batchNorm', { axis: [1, 2] }],
    ['batchNorm', { axis: 1.5 }],
    ['batchNorm', { center: 'yes' }],
    ['layerNorm', { epsilon: -1 }],
    ['weightClip', { clipValue: 0 }],
    ['weightClip', { clipValue: Infinity }],
  ])('%s refuses %j', (name, args) => {
    expect(errorOf(() => make(name)(args)).code).toBe('invalid-option');
  });
});

describe('batchNorm', () => {
  it('takes its axis as a list of one, as Keras saves it', () => {
    const [a, b] = [own.batchNorm({ axis: [3] }), own.batchNorm({ axis: 3 })];
    expect([a.axis, a.getConfig().axis]).toEqual([3, 3]);
    const x = tf.randomNormal([2, 3, 4, 5], 0, 1, 'float32', 1);
    [a, b].forEach((layer) => layer.build([null, 3, 4, 5]));
    expect([...a.call(x, {}).dataSync()]).toEqual([...b.call(x, {}).dataSync()]);
  });
  it('moves its variance biased as tfjs-layers does, or unbiased as PyTorch does', () => {
    // Channel values 1, 2, 6: variance 14 / 3, unbiased 7; and three times the same.
    const x = tf.tensor2d([1, 5, 2, 5, 6, 5], [3, 2]);
    const moved = (unbiasedVariance?: boolean, input: tf.Tensor = x): number[] => {
      const layer = own.batchNorm({ momentum: 0.5, unbiasedVariance });
      layer.build([null, 2]);
      layer.call(input, { training: true });
      return [...layer.movingVariance.read().dataSync()];
    };
    const near = (got: number[], want: number[]) => got.forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 5));
    near(moved(), [0.5 + 7 / 3, 0.5]);
    near(moved(true), [0.5 + 3.5, 0.5]);
    // One number has no unbiased variance.
    near(moved(true, tf.tensor2d([4, 4], [1, 2])), [0.5, 0.5]);
    const again = own.batchNorm(own.batchNorm({ unbiasedVariance: true }).getConfig() as never);
    expect(again.unbiasedVariance).toBe(true);
  });
});
