// The last float layer in 8 bits: which layer that is, and how its kernel is rounded.
import type { GraphLayer, Symbolic } from './graph.js';
import type { DeployedKernel } from './quantized.js';

/** Layers between the logits and the model's output that change nothing about which layer is the last product. */
const afterwards = new Set(['Activation', 'Softmax', 'BatchNormalization', 'BitgradBatchNorm', 'Reshape']);

const hasKernelQuantizer = (layer: GraphLayer): boolean =>
  (layer as unknown as { slots?: Map<string, unknown> }).slots?.has('kernel') ?? false;

/** Name of the dense layer with a float kernel that ends the model, or undefined when it ends otherwise. */
export function lastFloatDense(output: Symbolic): string | undefined {
  let at = output;
  while (afterwards.has(at.sourceLayer.getClassName()))
    at = at.sourceLayer.inboundNodes[at.nodeIndex]!.inputTensors[0]!;
  const layer = at.sourceLayer;
  const dense = ['Dense', 'QuantDense'].includes(layer.getClassName());
  return dense && !hasKernelQuantizer(layer) ? layer.name : undefined;
}

/**
 * A float kernel as integers -127..127 with one factor an output channel, the largest magnitude of the channel / 127.
 * @param channels output channels, the last axis of the kernel
 */
export function toInt8(kernel: DeployedKernel, channels: number): DeployedKernel {
  const largest = new Float32Array(channels);
  kernel.levels.forEach((w, i) => {
    largest[i % channels] = Math.max(largest[i % channels]!, Math.abs(w));
  });
  const scale = largest.map((m) => (m > 0 ? m / 127 : 1));
  const levels = kernel.levels.map((w, i) => Math.round(w / scale[i % channels]!));
  return { levels, scale, binary: false, unit: 1 };
}
