// Layers that act on each element by itself, or by its channel: they stay pending until someone needs their result.
import type * as tf from '@tensorflow/tfjs-core';
import { isBatchNorm } from '@bitgrad/layers';
import { shapeOf, withChannelwise, type Affine, type Lowered, type Value } from '../packing/value.js';
import type { GraphLayer } from '../graph.js';
import { onRows } from '../tidy.js';
import { asFloat, emit, unsupported, type Lowering, type LoweringContext } from './context.js';

const numbers = (t: tf.Tensor): number[] => Array.from(t.dataSync());

const weightOf = (layer: GraphLayer, name: string): number[] | undefined => {
  const weight = layer.weights.find((w) => w.originalName === name || w.originalName.endsWith(`/${name}`));
  return weight && numbers(weight.read());
};

/** Runs a layer as in inference. */
const runLayer =
  (layer: GraphLayer) =>
  (x: tf.Tensor): tf.Tensor => {
    const y = layer.call(x, { training: false });
    return Array.isArray(y) ? y[0]! : y;
  };

/** Adds a channelwise layer to a value; one with a pending reshape is written out first. */
const pend = (
  layer: GraphLayer,
  value: Value,
  lowered: readonly Lowered[],
  context: LoweringContext,
  apply = runLayer(layer),
): Value =>
  withChannelwise(value.reshape ? asFloat(value, context) : value, {
    name: layer.name,
    lowered,
    apply: onRows(apply),
  });

const channels = (value: Value): number => (value.reshape ?? value.shape).at(-1)!;

const affine = (a: Affine): Lowered => ({ kind: 'affine', affine: a });

/** @throws BitgradError `unsupported-op` unless an axis, or a list of one as Keras saves it, is the last */
const needLastAxis = (layer: GraphLayer, x: Value, given: unknown, does: string): void => {
  const axes = [given ?? -1].flat();
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== shapeOf(x).length))
    unsupported(layer, `${does} axis ${axes.join(', ')}`, 'Use the last axis, the channels.');
};

/** Batch normalization in inference, as one scale and bias a channel: bitgrad's own layer tells the numbers it uses. */
export const batchNorm: Lowering = (layer, [x], context) => {
  const config = layer.getConfig() as { epsilon: number; axis: unknown };
  needLastAxis(layer, x!, config.axis, 'normalizes');
  if (isBatchNorm(layer)) {
    const { factor, bias } = layer.inferenceAffine();
    return pend(layer, x!, [affine({ scale: numbers(factor), bias: numbers(bias) })], context);
  }
  const c = channels(x!);
  const [gamma, beta] = [
    weightOf(layer, 'gamma') ?? Array(c).fill(1),
    weightOf(layer, 'beta') ?? Array(c).fill(0),
  ];
  const [mean, variance] = [weightOf(layer, 'moving_mean')!, weightOf(layer, 'moving_variance')!];
  const scale = variance.map((v, i) => gamma[i] / Math.sqrt(v + config.epsilon));
  const bias = scale.map((s, i) => beta[i] - mean[i]! * s);
  return pend(layer, x!, [affine({ scale, bias })], context);
};

/** ReActNet's shifted PReLU, and PReLU with one slope a channel. */
export const rprelu: Lowering = (layer, [x], context) => {
  const [gamma, beta, zeta] = ['gamma', 'beta', 'zeta'].map((name) => weightOf(layer, name)!);
  return pend(
    layer,
    x!,
    [{ kind: 'prelu', before: gamma!.map((g) => -g), slope: beta!, after: zeta! }],
    context,
  );
};

/** PReLU whose slopes are shared over all axes but the last, or over all. */
export const prelu: Lowering = (layer, [x], context) => {
  const c = channels(x!);
  const given = weightOf(layer, 'alpha')!;
  const slope = given.length === 1 ? Array<number>(c).fill(given[0]!) : given;
  const { shape } = layer.weights.find((w) => w.originalName.endsWith('alpha'))!.read();
  // As many slopes as channels may also be one for each row.
  if (given.length !== 1 && (shape.at(-1) !== c || slope.length !== c))
    unsupported(
      layer,
      `has slopes of shape [${shape.join(', ')}] for ${c} channels`,
      'Share the slopes over height and width (sharedAxes: [1, 2]).',
    );
  const zeros = Array<number>(c).fill(0);
  return pend(layer, x!, [{ kind: 'prelu', before: zeros, slope, after: zeros }], context);
};

/** Leaky ReLU. */
export const leakyRelu: Lowering = (layer, [x], context) => {
  const { alpha } = layer.getConfig() as { alpha: number };
  const zeros = Array<number>(channels(x!)).fill(0);
  return pend(
    layer,
    x!,
    [{ kind: 'prelu', before: zeros, slope: zeros.map(() => alpha), after: zeros }],
    context,
  );
};

/** ReLU with an optional ceiling. */
export const relu: Lowering = (layer, [x], context) => {
  const { maxValue } = layer.getConfig() as { maxValue?: number | null };
  return pend(layer, x!, [{ kind: 'clamp', min: 0, max: maxValue ?? null }], context);
};

/** min(max(x, -1), 1). */
export const hardTanh: Lowering = (layer, [x], context) =>
  pend(layer, x!, [{ kind: 'clamp', min: -1, max: 1 }], context);

/** Named activations as float ops; undefined for those that are not channelwise or not supported. */
function loweredActivation(name: string, c: number): readonly Lowered[] | undefined {
  const constant = (scale: number, bias: number) =>
    affine({ scale: Array(c).fill(scale), bias: Array(c).fill(bias) });
  const table: Record<string, readonly Lowered[]> = {
    linear: [],
    relu: [{ kind: 'clamp', min: 0, max: null }],
    relu6: [{ kind: 'clamp', min: 0, max: 6 }],
    hardSigmoid: [constant(0.2, 0.5), { kind: 'clamp', min: 0, max: 1 }],
    sigmoid: [{ kind: 'unary', function: 'sigmoid' }],
    tanh: [{ kind: 'unary', function: 'tanh' }],
    gelu: [{ kind: 'unary', function: 'gelu' }],
  };
  return table[name];
}

/** An Activation layer. */
export const activation: Lowering = (layer, [x], context) => {
  const { activation: name } = layer.getConfig() as { activation: string };
  if (name === 'softmax') return softmax(layer, [x!], context);
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const lowered = loweredActivation(camel, channels(x!));
  if (!lowered)
    unsupported(
      layer,
      `activation "${name}"`,
      'Use linear, relu, relu6, hardSigmoid, sigmoid, tanh, gelu or softmax.',
    );
  return pend(layer, x!, lowered, context);
};

/** Softmax over the last axis. */
export const softmax: Lowering = (layer, [x], context) => {
  if (layer.getClassName() === 'Softmax') needLastAxis(layer, x!, (layer.getConfig() as { axis?: unknown }).axis, 'is over'); // prettier-ignore
  return emit(layer, { op: 'softmax', inputs: [asFloat(x!, context).buffer] }, context);
};

/** Dropout, noise and the like: nothing in inference. */
export const nothing: Lowering = (_layer, [x]) => x!;

/** A tfjs activation object of a product layer, as pending functions. */
export const withActivation = (
  layer: GraphLayer,
  value: Value,
  act: { getClassName(): string; apply(x: tf.Tensor): tf.Tensor } | null,
  context: LoweringContext,
): Value => {
  const name = act?.getClassName() ?? 'linear';
  if (name === 'linear') return value;
  if (name === 'softmax') return softmax(layer, [value], context);
  const lowered = loweredActivation(name, channels(value));
  if (!lowered) unsupported(layer, `activation "${name}"`, 'Use a separate supported activation layer.');
  return pend(layer, value, lowered, context, (x) => act!.apply(x));
};
