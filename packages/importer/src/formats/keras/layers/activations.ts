// Activations of Keras, as layers and as an option of other layers.
import { option } from '@bitgrad/bits';
import { sizeOf, tensorOf } from '../../../graph.js';
import { namedOf, quantizerOf } from '../quantizers.js';
import type { KerasLayer, Translation } from '../layer.js';

const clip = (min: number | null, max: number | null) => (layer: KerasLayer, x: string): string =>
  layer.emit('clip', [x], { min, max }); // prettier-ignore

const softmax = (layer: KerasLayer, x: string): string =>
  layer.emit('softmax', [x], { axis: layer.shape(x).length - 1 });

const functions: Readonly<Record<string, (layer: KerasLayer, x: string) => string>> = {
  linear: (_, x) => x,
  relu: clip(0, null),
  relu6: clip(0, 6),
  /** Of the BinaryNet layers: between 0 and 1. */
  relu1: clip(0, 1),
  hard_tanh: clip(-1, 1),
  sigmoid: (layer, x) => layer.emit('sigmoid', [x]),
  tanh: (layer, x) => layer.emit('tanh', [x]),
  gelu: (layer, x) => layer.emit('gelu', [x]),
  /** Keras 3 has another slope than Keras 2. */
  hard_sigmoid: (layer, x) =>
    layer.emit('hardSigmoid', [x], { slope: layer.version >= 3 ? 1 / 6 : 0.2, offset: 0.5 }),
  softmax,
};

/** The activation that an option names, applied to a value. */
export function activated(layer: KerasLayer, x: string): string {
  const given = namedOf(layer, 'activation');
  if (!given) return x;
  const quantizer = quantizerOf(layer, given);
  if (quantizer) return quantizer.value(layer, x);
  if (Object.hasOwn(functions, given.name) && Object.keys(given.config).length === 0) return functions[given.name]!(layer, x); // prettier-ignore
  return layer.fail(`has the activation ${given.name}, which is not known`, `Use one of ${Object.keys(functions).join(', ')}, or a quantizer of Larq.`); // prettier-ignore
}

const leaky = (layer: KerasLayer, x: string, slope: number): string =>
  layer.emit('prelu', [x, layer.constant(slope)]);

const same: Translation = (layer) => layer.inputs[0]!;

/** An identity in inference, whose options count in training only. */
const training =
  (...options: readonly string[]): Translation =>
  (layer) => {
    for (const key of options) layer.read(key, option.any, undefined);
    return layer.inputs[0]!;
  };

const number = option.number();

/** Layers of single elements. */
export const activations: Readonly<Record<string, Translation>> = {
  Activation: (layer) => activated(layer, layer.inputs[0]!),
  ReLU(layer) {
    const [x] = layer.inputs as [string];
    const max = layer.read<number | null>('max_value', number, null);
    const slope = layer.read('negative_slope', number, 0);
    if (layer.read('threshold', number, 0) !== 0) layer.fail('has a threshold', 'Use a ReLU of threshold 0.');
    if (slope === 0) return clip(0, max)(layer, x);
    return max === null ? leaky(layer, x, slope) : clip(null, max)(layer, leaky(layer, x, slope));
  },
  LeakyReLU(layer) {
    const slope = layer.read('negative_slope', number, layer.read('alpha', number, 0.3));
    return leaky(layer, layer.inputs[0]!, slope);
  },
  PReLU(layer) {
    layer.read('shared_axes', option.any, undefined);
    const shape = layer.weights[0]?.shape ?? [];
    const own = layer.shape().slice(1);
    const alpha = layer.weight(0, 'alpha', own.map((n, i) => (shape[i] === 1 ? 1 : n))); // prettier-ignore
    // One slope a channel has the shape of channels alone.
    const channels = sizeOf(shape) === own.at(-1) && shape.at(-1) === own.at(-1);
    const slope = channels ? layer.constant(tensorOf([own.at(-1)!], layer.tensor(alpha).data)) : alpha;
    return layer.emit('prelu', [layer.inputs[0]!, slope]);
  },
  Softmax(layer) {
    const given = layer.read<number | number[]>('axis', option.either(option.integer(), option.list(option.integer(), 1)), -1); // prettier-ignore
    const last = layer.shape().length - 1;
    const [axis, ...rest] = [given].flat();
    layer.read('mask', option.any, undefined);
    if (rest.length > 0 || (axis !== -1 && axis !== last)) layer.fail(`is over axis ${String(given)}`, 'Use the last axis.'); // prettier-ignore
    return softmax(layer, layer.inputs[0]!);
  },
  Rescaling(layer) {
    const [x] = layer.inputs as [string];
    const scaled = layer.emit('mul', [x, layer.constant(layer.read('scale', number, 1))]);
    return layer.emit('add', [scaled, layer.constant(layer.read('offset', number, 0))]);
  },
  BatchNormalization(layer) {
    const rank = layer.shape().length;
    const given = layer.read<number | number[]>('axis', option.either(option.integer(-rank, rank - 1), option.list(option.integer(-rank, rank - 1), 1)), -1); // prettier-ignore
    const axes = [given].flat();
    if (axes.length !== 1) layer.fail(`normalizes over the axes ${axes.join(', ')}`, 'Normalize one axis.');
    const axis = (axes[0]! + rank) % rank;
    const size = layer.shape()[axis]!;
    const scale = layer.read('scale', option.boolean, true);
    const center = layer.read('center', option.boolean, true);
    const fill = (value: number): string => layer.constant(tensorOf([size], new Float64Array(size).fill(value))); // prettier-ignore
    let next = 0;
    const gamma = scale ? layer.weight(next++, 'gamma', [size]) : fill(1);
    const beta = center ? layer.weight(next++, 'beta', [size]) : fill(0);
    const mean = layer.weight(next++, 'moving_mean', [size]);
    const variance = layer.weight(next++, 'moving_variance', [size]);
    const epsilon = layer.read('epsilon', option.number(0), 1e-3);
    return layer.emit('batchNorm', [layer.inputs[0]!, gamma, beta, mean, variance], { epsilon, axis });
  },
  Dropout: training('rate'),
  AlphaDropout: training('rate'),
  GaussianDropout: training('rate'),
  GaussianNoise: training('stddev'),
  SpatialDropout1D: training('rate'),
  SpatialDropout2D: training('rate', 'data_format'),
  ActivityRegularization: training('l1', 'l2'),
  Identity: same,
};
