// A float convolution of bytes as exact integer sums: which layer that is, and its kernel as two planes of 8-bit integers.
import { accumulatorBound, exactInt32 } from '@bitgrad/bits';
import type { GraphLayer, Symbolic } from './graph.js';
import type { DeployedKernel } from './packing/kernel.js';

const quantizes = (layer: GraphLayer): boolean => {
  const { slots } = layer as unknown as { slots?: Map<string, unknown> };
  return slots !== undefined && slots.size > 0;
};

/** Name of the convolution without quantizers that sees the model's input, if there is one and nothing else is called as it. */
export function firstFloatConv(input: Symbolic, output: Symbolic): string | undefined {
  const found = new Set<string>();
  const seen = new Set<number>();
  const visit = (tensor: Symbolic): void => {
    if (seen.has(tensor.id)) return;
    seen.add(tensor.id);
    const layer = tensor.sourceLayer;
    const sources = layer.inboundNodes[tensor.nodeIndex]?.inputTensors ?? [];
    const convolves = ['Conv2D', 'QuantConv2D'].includes(layer.getClassName()) && !quantizes(layer);
    if (convolves && sources[0]?.id === input.id) found.add(layer.name);
    sources.forEach(visit);
  };
  visit(output);
  return found.size === 1 ? [...found][0] : undefined;
}

/** The first plane counts 2^7 times as much as the second. */
export const planeShift = 7;

/**
 * A float kernel as integers of 15 bits with one factor an output channel, in two planes: level = 2^7 high + low, the largest
 * magnitude of a channel 127 * 2^7 + 63.
 * @param channels output channels, the last axis of the kernel
 */
export function toPlanes(
  kernel: DeployedKernel,
  channels: number,
): [high: DeployedKernel, low: DeployedKernel] {
  const most = 127 * 2 ** planeShift + 63;
  const largest = new Float32Array(channels);
  kernel.levels.forEach((w, i) => {
    largest[i % channels] = Math.max(largest[i % channels]!, Math.abs(w));
  });
  const scale = largest.map((m) => (m > 0 ? m / most : 1));
  const whole = kernel.levels.map((w, i) => Math.round(w / scale[i % channels]!));
  const high = whole.map((w) => Math.round(w / 2 ** planeShift));
  const low = whole.map((w, i) => w - 2 ** planeShift * high[i]!);
  return [high, low].map((levels) => ({ levels, scale, binary: false, unit: 1 })) as [
    DeployedKernel,
    DeployedKernel,
  ];
}

/** Whether the sums of both planes, and their total, have room in what the format allows. */
export function planesFit(terms: number, { shift, padValue }: { shift: number; padValue: number }): boolean {
  const by = shift + planeShift;
  const pad = Math.abs(padValue) * 2 ** planeShift;
  const high = accumulatorBound(terms, Math.max(255 * 2 ** by, pad), 128);
  const low = accumulatorBound(terms, Math.max(255 * 2 ** shift, Math.abs(padValue)), 128);
  return by <= 8 && pad <= 65535 && high + low <= exactInt32;
}
