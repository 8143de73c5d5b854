// The 2-D convolution and its gradients, NHWC, as kernels of tfjs.
import * as tf from '@tensorflow/tfjs-core';
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelArguments } from '@bitgrad/core';
import type { KernelContext, KernelFamily } from './family.js';
import { filterGradient, forward, inputGradient, work, type Info } from './convolution-products.js';

interface ConvAttributes {
  dilations?: [number, number] | number;
  strides: [number, number];
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
  filterShape: [number, number, number, number];
  inputShape: [number, number, number, number];
}

interface FusedAttributes {
  activation: keyof typeof activations;
  leakyreluAlpha?: number;
}

/** What may follow a fused convolution. */
const activations = {
  linear: (x: tf.Tensor) => x,
  relu: (x: tf.Tensor) => tf.relu(x),
  relu6: (x: tf.Tensor) => tf.relu6(x),
  elu: (x: tf.Tensor) => tf.elu(x),
  sigmoid: (x: tf.Tensor) => tf.sigmoid(x),
  prelu: (x: tf.Tensor, weights: tf.Tensor) => tf.prelu(x, weights),
  leakyrelu: (x: tf.Tensor, _: tf.Tensor, alpha?: number) => tf.leakyRelu(x, alpha),
};

type Geometry = Pick<ConvAttributes, 'strides' | 'pad' | 'dilations' | 'dimRoundingMode'>;

/** The geometry of a convolution. */
export const convolutionInfo = (
  image: readonly number[],
  filter: readonly number[],
  options: Geometry,
): Info =>
  backend_util.computeConv2DInfo(
    image as [number, number, number, number],
    filter as [number, number, number, number],
    options.strides,
    options.dilations ?? 1,
    options.pad,
    options.dimRoundingMode,
  );

const channelsLast = (attrs: Pick<ConvAttributes, 'dataFormat'>): boolean =>
  attrs.dataFormat === undefined || attrs.dataFormat === 'NHWC' || attrs.dataFormat === 'channelsLast';

/** Runs the forward kernel, with a bias of [o] or without. */
function convolve(context: KernelContext, { inputs, attrs }: KernelArguments): TensorInfo {
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as ConvAttributes;
  const { x, filter, bias } = inputs;
  const info = convolutionInfo(x!.shape, filter!.shape, {
    strides,
    pad,
    dilations: dilations ?? 1,
    dimRoundingMode,
  });
  const out = context.heap.output(info.outShape);
  const operands = { ...context.heap.at({ x, filter, out }), bias: bias ? context.heap.address(bias) : 0 };
  context.run('Conv2D', work(info), (job) => forward(job, info, operands));
  return out;
}

/**
 * Conv2D and FusedConv2D (stock wasm is wrong where strides skip more than the kernel covers), Conv2DBackpropFilter
 * (missing in stock wasm) and Conv2DBackpropInput (slow in stock wasm).
 */
export const convolution: KernelFamily = (context) => ({
  Conv2D: (args) => (channelsLast(args.attrs as unknown as ConvAttributes) ? convolve(context, args) : null),
  FusedConv2D(args) {
    const { activation, leakyreluAlpha, ...rest } = args.attrs as unknown as ConvAttributes & FusedAttributes;
    const { bias, preluActivationWeights } = args.inputs;
    const [o] = args.inputs['filter']!.shape.slice(-1);
    const biased = !bias || (bias.shape.length === 1 && bias.shape[0] === o);
    if (!channelsLast(rest) || !biased) return null;
    const sums = convolve(context, args);
    if (activation === 'linear') return sums;
    const apply = activations[activation];
    const y = tf.engine().makeTensorFromTensorInfo(sums);
    const z = apply(y, preluActivationWeights as tf.Tensor, leakyreluAlpha);
    y.dispose();
    return z;
  },
  Conv2DBackpropFilter({ inputs, attrs }) {
    const { filterShape, ...options } = attrs as unknown as ConvAttributes;
    if (!channelsLast(options)) return null;
    const { x, dy } = inputs;
    const info = convolutionInfo(x!.shape, filterShape, options);
    const out = context.heap.output(filterShape);
    const operands = context.heap.at({ x, dy, out });
    context.run('Conv2DBackpropFilter', work(info), (job) => filterGradient(context, job, info, operands));
    return out;
  },
  Conv2DBackpropInput({ inputs, attrs }) {
    const { inputShape, ...options } = attrs as unknown as ConvAttributes;
    if (!channelsLast(options)) return null;
    const { dy, filter } = inputs;
    const info = convolutionInfo(inputShape, filter!.shape, options);
    const out = context.heap.output(inputShape);
    const operands = context.heap.at({ dy, filter, out });
    context.run('Conv2DBackpropInput', work(info), (job) => inputGradient(context, job, info, operands));
    return out;
  },
});
