// Keras layers as layers of tfjs and of @bitgrad/layers, with their latent weights: to train on.
import * as tfl from '@tensorflow/tfjs-layers';
import { option } from '@bitgrad/bits';
import type { QuantizerSpec } from '@bitgrad/core';
import { batchNorm, hardTanh, prelu, quantActivation, quantConv2d, quantDense, quantDepthwiseConv2d, quantSeparableConv2d } from '@bitgrad/layers'; // prettier-ignore
import { channelsLast } from './layers/products.js';
import { borders } from './layers/shapes.js';
import type { LayerOptions } from './layer.js';
import { namedOf, type Named } from './quantizers.js';

type Layer = tfl.layers.Layer;

const clip = ({ config }: Named): number => (typeof config.clip_value === 'number' ? config.clip_value : 1);
type Spec = (named: Named) => QuantizerSpec;
const ste: Spec = (named) => ({ name: 'ste', options: { clip: clip(named) } });
const approx: Spec = () => 'approx-sign';
const swish: Spec = ({ config }) => ({ name: 'sign-swish', options: { steepness: (config.beta as number | undefined) ?? 5 } }); // prettier-ignore
const magnitude: Spec = (named) => ({ forward: 'magnitude-aware-sign', surrogate: { name: 'clipped-identity', options: { clip: clip(named) } } }); // prettier-ignore

/** Larq's quantizers that are one of ours, forward and backward. */
const specs: Readonly<Record<string, Spec>> = {
  ste_sign: ste,
  SteSign: ste,
  approx_sign: approx,
  ApproxSign: approx,
  swish_sign: swish,
  SwishSign: swish,
  magnitude_aware_sign: magnitude,
  MagnitudeAwareSign: magnitude,
};

function specOf(layer: LayerOptions, key: string): QuantizerSpec | undefined {
  const named = namedOf(layer, key);
  if (!named) return undefined;
  if (Object.hasOwn(specs, named.name)) return specs[named.name]!(named);
  return layer.fail(`has the ${key} ${named.name}, which no quantizer here equals forward and backward`, `Import it as a packed model, or put one of ${Object.keys(specs).join(', ')} in its place.`); // prettier-ignore
}

const activations: Readonly<Record<string, string>> = { linear: 'linear', relu: 'relu', relu6: 'relu6', sigmoid: 'sigmoid', tanh: 'tanh', softmax: 'softmax' }; // prettier-ignore

function activationOf(layer: LayerOptions): 'linear' {
  const name = namedOf(layer, 'activation')?.name ?? 'linear';
  if (!Object.hasOwn(activations, name)) layer.fail(`has the activation ${name}, which cannot be trained here`, `Use one of ${Object.keys(activations).join(', ')}.`); // prettier-ignore
  return activations[name] as 'linear';
}

/** Options of a window, in the words of tfjs-layers. */
function windowOf(layer: LayerOptions) {
  channelsLast(layer);
  layer.read('groups', option.integer(1), 1);
  return {
    kernelSize: layer.sizes('kernel_size', 2, 1) as [number, number],
    strides: layer.sizes('strides', 2, 1) as [number, number],
    dilationRate: layer.sizes('dilation_rate', 2, 1) as [number, number],
    padding: layer.read<'same' | 'valid'>('padding', option.oneOf('valid', 'same'), 'valid'),
    padValues: layer.read<0 | 1>('pad_values', option.oneOf(0, 1), 0),
  };
}

const common = (layer: LayerOptions) => ({
  name: layer.name,
  useBias: layer.read('use_bias', option.boolean, true),
  activation: activationOf(layer),
  inputQuantizer: specOf(layer, 'input_quantizer'),
});
const count = option.integer(1);
const number = option.number();

const dense = (layer: LayerOptions): Layer =>
  quantDense({ ...common(layer), units: layer.read('units', count, 1), kernelQuantizer: specOf(layer, 'kernel_quantizer') }); // prettier-ignore

const conv = (layer: LayerOptions): Layer =>
  quantConv2d({
    ...common(layer),
    ...windowOf(layer),
    filters: layer.read('filters', count, 1),
    groups: layer.read('groups', count, 1),
    kernelQuantizer: specOf(layer, 'kernel_quantizer'),
  });

const depthwiseArgs = (layer: LayerOptions) => ({
  ...common(layer),
  ...windowOf(layer),
  depthMultiplier: layer.read('depth_multiplier', count, 1),
  depthwiseQuantizer: specOf(layer, 'depthwise_quantizer'),
});
const depthwise = (layer: LayerOptions): Layer => quantDepthwiseConv2d(depthwiseArgs(layer));

const separable = (layer: LayerOptions): Layer =>
  quantSeparableConv2d({
    ...depthwiseArgs(layer),
    filters: layer.read('filters', count, 1),
    pointwiseQuantizer: specOf(layer, 'pointwise_quantizer'),
  });

function poolOf(layer: LayerOptions) {
  channelsLast(layer);
  const poolSize = layer.sizes('pool_size', 2, 2) as [number, number];
  const given = layer.read<unknown>('strides', option.any, undefined);
  const strides = given === undefined ? poolSize : (layer.sizes('strides', 2, 1) as [number, number]);
  const padding = layer.read<'same' | 'valid'>('padding', option.oneOf('valid', 'same'), 'valid');
  return { name: layer.name, poolSize, strides, padding };
}

const globalPool = (create: typeof tfl.layers.globalAveragePooling2d) => (layer: LayerOptions): Layer => {
  channelsLast(layer);
  if (layer.read('keepdims', option.boolean, false)) layer.fail('keeps axes of size 1', 'Use a Reshape.');
  return create({ name: layer.name });
}; // prettier-ignore

const axisOf = (layer: LayerOptions): number => {
  const axis = layer.read<number | number[]>('axis', option.either(option.integer(), option.list(option.integer(), 1)), -1); // prettier-ignore
  const [first, ...rest] = [axis].flat();
  return rest.length === 0 ? first! : layer.fail(`is over the axes ${String(axis)}`, 'Use one axis.');
};

const noise = (layer: LayerOptions, key: string): number => layer.read(key, option.number(0), 0);

/** Layers that can go on training. */
export const trainable: Readonly<Record<string, (layer: LayerOptions) => Layer>> = {
  Dense: dense,
  QuantDense: dense,
  Conv2D: conv,
  QuantConv2D: conv,
  DepthwiseConv2D: depthwise,
  QuantDepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  QuantSeparableConv2D: separable,
  Activation(layer) {
    const { name } = layer;
    const named = namedOf(layer, 'activation');
    if (named && Object.hasOwn(specs, named.name)) return quantActivation({ name, inputQuantizer: specs[named.name]!(named) }); // prettier-ignore
    if (named?.name === 'hard_tanh') return hardTanh({ name });
    return tfl.layers.activation({ name, activation: activationOf(layer) });
  },
  ReLU(layer) {
    if (layer.read('negative_slope', number, 0) !== 0 || layer.read('threshold', number, 0) !== 0) layer.fail('has a slope or a threshold', 'Use LeakyReLU.'); // prettier-ignore
    return tfl.layers.reLU({ name: layer.name, maxValue: layer.read<number | undefined>('max_value', number, undefined) }); // prettier-ignore
  },
  LeakyReLU: (layer) => tfl.layers.leakyReLU({ name: layer.name, alpha: layer.read('negative_slope', number, layer.read('alpha', number, 0.3)) }), // prettier-ignore
  PReLU: (layer) => prelu({ name: layer.name, sharedAxes: layer.read<number[] | undefined>('shared_axes', option.list(count), undefined) }), // prettier-ignore
  Softmax: (layer) => tfl.layers.softmax({ name: layer.name, axis: axisOf(layer) }),
  BatchNormalization: (layer) =>
    batchNorm({
      name: layer.name,
      axis: axisOf(layer),
      momentum: layer.read('momentum', option.number(0, 1), 0.99),
      epsilon: layer.read('epsilon', option.number(0), 1e-3),
      scale: layer.read('scale', option.boolean, true),
      center: layer.read('center', option.boolean, true),
    }),
  MaxPooling2D: (layer) => tfl.layers.maxPooling2d(poolOf(layer)),
  AveragePooling2D: (layer) => tfl.layers.averagePooling2d(poolOf(layer)),
  GlobalAveragePooling2D: globalPool(tfl.layers.globalAveragePooling2d),
  GlobalMaxPooling2D: globalPool(tfl.layers.globalMaxPooling2d),
  Add: ({ name }) => tfl.layers.add({ name }),
  Multiply: ({ name }) => tfl.layers.multiply({ name }),
  Concatenate: (layer) => tfl.layers.concatenate({ name: layer.name, axis: axisOf(layer) }),
  Flatten(layer) {
    channelsLast(layer);
    return tfl.layers.flatten({ name: layer.name });
  },
  Reshape: (layer) => tfl.layers.reshape({ name: layer.name, targetShape: layer.read('target_shape', option.list(option.integer(-1)), []) }), // prettier-ignore
  ZeroPadding2D(layer) {
    channelsLast(layer);
    const [before, after] = borders(layer, 2);
    const padding = before.map((n, i) => [n, after[i]!]) as [[number, number], [number, number]];
    return tfl.layers.zeroPadding2d({ name: layer.name, padding });
  },
  Dropout: (layer) => tfl.layers.dropout({ name: layer.name, rate: noise(layer, 'rate') }),
  GaussianNoise: (layer) => tfl.layers.gaussianNoise({ name: layer.name, stddev: noise(layer, 'stddev') }),
};
