// Dense layers and convolutions, of Keras, Larq and BinaryNet.
import { option } from '@bitgrad/bits';
import { padsFor } from '../../../ops/windows.js';
import { tensorOf } from '../../../graph.js';
import { quantized, quantizerOf } from '../quantizers.js';
import type { KerasLayer, LayerOptions, Translation } from '../layer.js';
import { activated } from './activations.js';

/** @throws BitgradError for channels before height and width */
export function channelsLast(layer: LayerOptions): void {
  const format = layer.read('data_format', option.string, 'channels_last');
  if (format !== 'channels_last') layer.fail(`has data_format ${format}`, 'Save the model with its channels last.'); // prettier-ignore
}

/** A window over the `axes` axes of space, in the words of convolutions or those of pools. */
export function windowOf(layer: KerasLayer, axes: 1 | 2, words: 'kernel_size' | 'pool_size') {
  channelsLast(layer);
  const conv = words === 'kernel_size';
  const kernel = layer.sizes(words, axes, conv ? 1 : 2);
  const given = layer.read<unknown>('strides', option.any, undefined);
  const strides = given === undefined ? (conv ? kernel.map(() => 1) : kernel) : layer.sizes('strides', axes, 1); // prettier-ignore
  const dilations = conv ? layer.sizes('dilation_rate', axes, 1) : kernel.map(() => 1);
  const padding = layer.read<'valid' | 'same'>('padding', option.oneOf('valid', 'same'), 'valid');
  const pads = padsFor(layer.shape().slice(1, -1), kernel, strides, dilations, padding);
  return { kernel, strides, dilations, pads, channels: 'last' as const };
}

const bias = (layer: KerasLayer, i: number, outputs: number): string[] =>
  layer.read('use_bias', option.boolean, true) ? [layer.weight(i, 'bias', [outputs])] : [];

const input = (layer: KerasLayer): string => quantized(layer, 'input_quantizer', layer.inputs[0]!, 'value');
const padValue = (layer: KerasLayer): number => layer.read('pad_values', option.number(), 0);

const dense =
  (kernelOf: (layer: KerasLayer, kernel: string, units: number) => string): Translation =>
  (layer) => {
    const units = layer.read('units', option.integer(1), 0);
    const kernel = layer.weight(0, 'kernel', [layer.shape().at(-1), units]);
    const operands = [input(layer), kernelOf(layer, kernel, units), ...bias(layer, 1, units)];
    return activated(layer, layer.emit('matmul', operands));
  };

const conv =
  (axes: 1 | 2): Translation =>
  (layer) => {
    const window = windowOf(layer, axes, 'kernel_size');
    const filters = layer.read('filters', option.integer(1), 0);
    const groups = layer.read('groups', option.integer(1), 1);
    const own = layer.shape().at(-1)! / groups;
    const kernel = layer.weight(0, 'kernel', [...window.kernel, own, filters]);
    const w = quantized(layer, 'kernel_quantizer', kernel, 'kernel');
    const permutation = [axes + 1, ...window.kernel.keys(), axes];
    const operands = [input(layer), layer.emit('transpose', [w], { permutation }), ...bias(layer, 1, filters)]; // prettier-ignore
    return activated(layer, layer.emit('conv', operands, { ...window, groups, padValue: padValue(layer) }));
  };

/** A depthwise product: the kernel [height, width, channels, multiplier] has output channel c * multiplier + m. */
function depthwise(layer: KerasLayer, biased: boolean): string {
  const window = windowOf(layer, 2, 'kernel_size');
  const channels = layer.shape().at(-1)!;
  const multiplier = layer.read('depth_multiplier', option.integer(1), 1);
  layer.read('groups', option.oneOf(1), 1);
  const kernel = layer.weight(0, 'depthwise kernel', [...window.kernel, channels, multiplier]);
  const w = quantized(layer, 'depthwise_quantizer', kernel, 'kernel');
  const outputs = channels * multiplier;
  const turned = layer.emit('transpose', [w], { permutation: [2, 3, 0, 1] });
  const rows = layer.emit('reshape', [turned], { shape: [outputs, ...window.kernel, 1] });
  const operands = [input(layer), rows, ...(biased ? bias(layer, 1, outputs) : [])];
  return layer.emit('conv', operands, { ...window, groups: channels, padValue: padValue(layer) });
}

const depthwiseConv: Translation = (layer) => activated(layer, depthwise(layer, true));

const separableConv: Translation = (layer) => {
  const x = depthwise(layer, false);
  const filters = layer.read('filters', option.integer(1), 0);
  const kernel = layer.weight(1, 'pointwise kernel', [1, 1, layer.shape(x).at(-1), filters]);
  const w = quantized(layer, 'pointwise_quantizer', kernel, 'kernel');
  const turned = layer.emit('transpose', [w], { permutation: [3, 0, 1, 2] });
  const ones = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const attributes = { ...ones, channels: 'last', groups: 1, padValue: 0 };
  return activated(layer, layer.emit('conv', [x, turned, ...bias(layer, 2, filters)], attributes));
};

const plainDense = dense((layer, kernel) => quantized(layer, 'kernel_quantizer', kernel, 'kernel'));

/**
 * BinaryNet's: the kernel is H * binary_tanh(kernel / H), so that 0 becomes -H. "Glorot" is sqrt(1.5 / (inputs + units)).
 * @see https://github.com/DingKe/nn_playground, binarynet
 */
const binaryDense = dense((layer, kernel, units) => {
  const given = layer.read<number | string>('H', option.either(option.positive, option.oneOf('Glorot')), 1);
  const inputs = layer.shape().at(-1)!;
  const h = typeof given === 'number' ? given : Math.fround(Math.sqrt(1.5 / (inputs + units)));
  const by = (factor: number): string => layer.constant(tensorOf([], [factor]));
  const signs = quantizerOf(layer, { name: 'binary_tanh', config: {} })!;
  const w = signs.value(layer, layer.emit('div', [kernel, by(h)]));
  return layer.emit('mul', [w, by(h)]);
});

/** Products of Keras, Larq and BinaryNet. */
export const products: Readonly<Record<string, Translation>> = {
  Dense: plainDense,
  QuantDense: plainDense,
  BinaryDense: binaryDense,
  Conv1D: conv(1),
  QuantConv1D: conv(1),
  Conv2D: conv(2),
  QuantConv2D: conv(2),
  DepthwiseConv2D: depthwiseConv,
  QuantDepthwiseConv2D: depthwiseConv,
  SeparableConv2D: separableConv,
  QuantSeparableConv2D: separableConv,
};
