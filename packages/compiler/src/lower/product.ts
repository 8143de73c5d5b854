// Layers with kernels: convolutions and dense layers, quantized or float. Products of bits (or bytes) and small integers
// become exact integer sums; scales, biases and codings stay pending after them.
import * as tf from '@tensorflow/tfjs-core';
import { exactFloat32, packRows } from '@bitgrad/bits';
import { isQuantLayer } from '@bitgrad/layers';
import type { ElementType, Shape } from '@bitgrad/runtime';
import { toBits, uniformToFloat } from '../emit.js';
import type { GraphLayer } from '../graph.js';
import { deployInput, deployKernel, type DeployedKernel } from '../quantized.js';
import { asAffine, shapeOf, withChannelwise, type Affine, type Channelwise, type Value } from '../value.js';
import { withActivation } from './channelwise.js';
import { asFloat, binarizable, unsupported, type LoweringContext } from './context.js';
import { quantizeSteps } from './steps.js';

/** The operand of a product: x = unit * stored + offset for each stored value. */
export interface Operand {
  readonly buffer: number;
  readonly type: 'bits' | 'u8' | 'f32';
  readonly shape: Shape;
  readonly unit: number;
  readonly offset: number;
}

/** The pending affine function of a byte input, when it is the same for every channel. */
const uniformAffine = (value: Value): { scale: number; bias: number } | undefined => {
  if (value.type !== 'u8' || value.pool || value.after.length > 0 || value.reshape) return undefined;
  const a = asAffine(value.before, value.shape.at(-1)!);
  if (!a || !a.scale.every((s) => s === a.scale[0]) || !a.bias.every((b) => b === a.bias[0]))
    return undefined;
  return { scale: a.scale[0]!, bias: a.bias[0]! };
};

/** A float32 buffer as an operand. */
export const floatOperand = (buffer: number, shape: Shape): Operand => ({
  buffer,
  type: 'f32',
  shape,
  unit: 1,
  offset: 0,
});

/** True when a kernel's levels are stored as bits or small integers, so that integer inputs give integer sums. */
const isInteger = ({ binary, unit }: DeployedKernel): boolean => binary || unit !== undefined;

/** A product layer's input as stored values: bits where it is quantized to two levels, bytes, or float32. */
export function operandOf(
  layer: GraphLayer,
  value: Value,
  kernel: DeployedKernel,
  context: LoweringContext,
): Operand {
  const { builder, fallbacks } = context;
  const input = isQuantLayer(layer) ? deployInput(layer) : undefined;
  const shape = shapeOf(value);
  if (input && 'codes' in input) {
    const buffer = toBits(builder, binarizable(value, input, context), input, layer.name);
    const [unit, offset] = [(input.high - input.low) / 2, (input.high + input.low) / 2];
    if (isInteger(kernel)) return { buffer, type: 'bits', shape, unit, offset };
    fallbacks.push({ layer: layer.name, reason: 'its kernel is float32' });
    return floatOperand(uniformToFloat(builder, buffer, unit, offset, layer.name), shape);
  }
  if (input) {
    fallbacks.push({
      layer: layer.name,
      reason: `its input has ${input.levels.length} levels, which bits do not hold`,
    });
    return floatOperand(quantizeSteps(layer, asFloat(value, context), input, context).buffer, shape);
  }
  const bytes = isInteger(kernel) ? uniformAffine(value) : undefined;
  if (bytes) return { buffer: value.buffer, type: 'u8', shape, unit: bytes.scale, offset: bytes.bias };
  return floatOperand(asFloat(value, context).buffer, shape);
}

/** A kernel as the plan stores it: rows of `rowLength` levels, with the factor that each output channel has. */
export interface StoredKernel {
  readonly type: 'bits' | 'i8' | 'f32';
  readonly weight: number;
  readonly scale: readonly number[];
  /** Sum of the stored levels of each output channel. */
  readonly sums: readonly number[];
  /** Sum of their magnitudes, for the range of integer sums. */
  readonly magnitudes: readonly number[];
}

/** How a plan's kernel is laid out, from tfjs order. */
export interface KernelLayout {
  readonly shape: Shape;
  readonly channels: number;
  /** Output channel of row-major element i. */
  channelOf(i: number): number;
  /** Position of row-major element i in the tfjs tensor. */
  order(i: number): number;
}

/** Stores a deployed kernel for an operand. */
export function storeKernel(
  kernel: DeployedKernel,
  layout: KernelLayout,
  operand: Operand['type'],
  context: LoweringContext,
): StoredKernel {
  const { shape, order, channelOf, channels } = layout;
  const scaleOf = (c: number): number => kernel.scale[kernel.scale.length === 1 ? 0 : c]!;
  // Integer sums want whole numbers; float sums keep the graph's factors, so only levels that are whole already fit.
  const integer = kernel.unit !== undefined && (operand !== 'f32' || kernel.unit === 1);
  const unit = integer && !kernel.binary ? kernel.unit! : 1;
  const stored = new Float32Array(kernel.levels.length);
  const sums = Array<number>(channels).fill(0);
  const magnitudes = Array<number>(channels).fill(0);
  for (let i = 0; i < stored.length; i++) {
    const given = kernel.levels[order(i)]!;
    const level = integer ? Math.round(given / unit) : given;
    const c = channelOf(i);
    stored[i] = level;
    sums[c]! += level;
    magnitudes[c]! += Math.abs(level);
  }
  const type: ElementType = kernel.binary ? 'bits' : integer ? 'i8' : 'f32';
  const length = shape.at(-1)!;
  const data =
    type === 'bits'
      ? packRows(stored, stored.length / length, length)
      : type === 'i8'
        ? Int8Array.from(stored)
        : stored;
  const weight = context.builder.weight(type, shape, data);
  return {
    type,
    weight,
    scale: Array.from({ length: channels }, (_, c) => scaleOf(c) * unit),
    sums,
    magnitudes,
  };
}

/** How a padded tap of an integer operand is written: its stored value times 2^shift; undefined when it is no integer. */
export function paddedTap(
  operand: Operand,
  padValue: number,
): { shift: number; padValue: number } | undefined {
  const stored = (padValue - operand.offset) / operand.unit;
  if (operand.type === 'bits')
    return [-1, 0, 1].includes(stored) ? { shift: 0, padValue: stored } : undefined;
  for (let shift = 0; shift <= 8; shift++) {
    const value = stored * 2 ** shift;
    if (Math.abs(value - Math.round(value)) < 1e-6 * Math.max(1, Math.abs(value)) && Math.abs(value) <= 65535)
      return { shift, padValue: Math.round(value) };
  }
  return undefined;
}

/**
 * The value of a product, that of integers being product = unit * scale / 2^shift * acc + scale * offset * sum of all taps, then bias
 * and activation. `apply` repeats the graph's float arithmetic on the exact product of the quantized values.
 */
export function productValue(
  layer: GraphLayer,
  product: Value,
  operand: Operand,
  kernel: StoredKernel,
  { shift, padValue }: { shift: number; padValue: number },
  context: LoweringContext,
): Value {
  const { bias, activation } = productParts(layer);
  const channels = kernel.scale.length;
  const real: Affine = {
    scale: kernel.scale.map(() => operand.unit / 2 ** shift),
    bias: kernel.sums.map((sum) => operand.offset * sum),
  };
  const tap = operand.type === 'u8' ? Math.max(255 * 2 ** shift, Math.abs(padValue)) : 1;
  const most = Math.ceil(kernel.magnitudes.reduce((a, b) => Math.max(a, b)) * tap);
  let value: Value = operand.type === 'f32' ? product : { ...product, range: [-most, most] };
  const addAffine = (affine: Affine, centres?: readonly number[]): void => {
    const apply: Channelwise['apply'] = (x) =>
      centres
        ? tf.mul(tf.add(x, tf.tensor1d([...centres])), tf.tensor1d([...affine.scale]))
        : tf.add(tf.mul(x, tf.tensor1d([...affine.scale])), tf.tensor1d([...affine.bias]));
    value = withChannelwise(value, { name: layer.name, apply, lowered: [{ kind: 'affine', affine }] });
  };
  const ones = Array<number>(channels).fill(1);
  const zeros = Array<number>(channels).fill(0);
  if (real.scale.some((s) => s !== 1) || real.bias.some((b) => b !== 0))
    addAffine(real, exactCentres(operand, kernel, shift, most));
  if (kernel.scale.some((s) => s !== 1)) addAffine({ scale: kernel.scale, bias: zeros });
  if (bias) addAffine({ scale: ones, bias });
  return withActivation(layer, value, activation, context);
}

/**
 * What is added to each channel's sum of bytes, in units of the sum, so that the normalized sum is their total times a
 * scale: exact in float32 where the mean is a multiple of 1/256. An exact 0 then has the sign of 0, +1, in every channel.
 */
const exactCentres = (
  { type, unit, offset }: Operand,
  { sums }: StoredKernel,
  shift: number,
  most: number,
): readonly number[] | undefined => {
  const mean = Math.round((256 * offset) / unit) / 256;
  if (type !== 'u8' || Math.abs(mean - offset / unit) > 1e-9 * Math.max(1, Math.abs(mean))) return undefined;
  const factor = Array.from({ length: 9 }, (_, i) => 2 ** i).find((f) => Number.isInteger(mean * f))!;
  const centres = sums.map((sum) => mean * sum * 2 ** shift);
  const largest = centres.reduce((a, b) => Math.max(a, Math.abs(b)), most);
  return 2 * largest * factor < exactFloat32 ? centres : undefined;
};

const productParts = (layer: GraphLayer) => {
  const own = layer as unknown as {
    bias?: { read(): tf.Tensor } | null;
    activation?: { getClassName(): string; apply(x: tf.Tensor): tf.Tensor } | null;
  };
  return {
    bias: own.bias ? Array.from(own.bias.read().dataSync()) : undefined,
    activation: own.activation ?? null,
  };
};

/** The kernel tensor of a quantized or plain layer. */
export function kernelOf(layer: GraphLayer, slot: string, channels: number): DeployedKernel {
  const own = layer as unknown as { kernels?: Map<string, { read(): tf.Tensor }> };
  if (isQuantLayer(layer)) return deployKernel(layer, slot, own.kernels!.get(slot)!.read(), channels);
  const weight = layer.weights.find(
    (w) => w.originalName.split('/').at(-1) === (slot === 'depthwise' ? 'depthwise_kernel' : 'kernel'),
  );
  if (!weight) unsupported(layer, 'has no kernel', 'Build the model before compiling it.');
  return deployKernel(null, slot, weight.read(), channels);
}
