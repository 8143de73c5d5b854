// Layers with kernels: convolutions and dense layers, quantized or float. Products of bits (or bytes) and small integers
// become exact integer sums; scales, biases and codings stay pending after them.
import type * as tf from '@tensorflow/tfjs-core';
import { isQuantLayer } from '@bitgrad/layers';
import type { GraphLayer } from '../graph.js';
import { toBits, uniformToFloat } from '../packing/emit.js';
import { isInteger, type DeployedKernel, type StoredKernel } from '../packing/kernel.js';
import { byteOperand, floatOperand, productValue, type Operand } from '../packing/product.js';
import { shapeOf, type Value } from '../packing/value.js';
import { binarization, deployInput, deployKernel } from '../quantized.js';
import { withActivation } from './channelwise.js';
import { asFloat, binarizable, unsupported, type LoweringContext } from './context.js';
import { quantizeSteps } from './steps.js';

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
    const buffer = toBits(builder, binarizable(value, input, context), binarization(input), layer.name);
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
  const bytes = isInteger(kernel) ? byteOperand(value) : undefined;
  return bytes ?? floatOperand(asFloat(value, context).buffer, shape);
}

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

/** The value of a layer's product, with its bias and its activation. */
export function layerValue(
  layer: GraphLayer,
  product: Value,
  operand: Operand,
  kernel: StoredKernel,
  tap: { shift: number; padValue: number },
  context: LoweringContext,
): Value {
  const { bias, activation } = productParts(layer);
  return withActivation(
    layer,
    productValue(layer.name, product, operand, kernel, tap, bias),
    activation,
    context,
  );
}

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
