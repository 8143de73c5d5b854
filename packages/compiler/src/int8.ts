// The last float layer in 8 bits: which layer that is, how its kernel is rounded, and what that may cost.
import { failureOf } from '@bitgrad/core';
import { compareOutputs, type Differences, type Outputs, type Scale } from './packing/differences.js';
import type { GraphLayer, Symbolic } from './graph.js';
import type { DeployedKernel } from './packing/kernel.js';

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
 * Whether a model ends in logits or probabilities of classes: one row of more than one output, straight from its last
 * dense layer or by softmax. Their order is what counts; of other outputs the values are.
 */
export function endsInClasses(output: Symbolic): boolean {
  const [, units, ...more] = output.shape;
  if (more.length > 0 || !units || units < 2) return false;
  const straight = (layer: GraphLayer): boolean => {
    const { activation = 'linear' } = layer.getConfig() as { activation?: string };
    return ['linear', 'softmax'].includes(activation);
  };
  let at = output;
  while (afterwards.has(at.sourceLayer.getClassName()) && straight(at.sourceLayer))
    at = at.sourceLayer.inboundNodes[at.nodeIndex]!.inputTensors[0]!;
  return ['Dense', 'QuantDense'].includes(at.sourceLayer.getClassName()) && straight(at.sourceLayer);
}

/** Largest difference by the rounding of a kernel, relative to the spread of an output, unless `tolerance` says other. */
export const roundingTolerance = 0.05;

/** How far the model in 8 bits is from the one in float, on the same signs: by the rounding alone. */
export const roundingCost = (
  rounded: Outputs,
  float: Outputs,
  scale: Scale,
  tolerance = roundingTolerance,
): Differences => compareOutputs(rounded, float, scale, tolerance);

/** @throws BitgradError `verification-failed` where fewer than `minAgreement` of the samples keep their answers */
export function checkRounding(
  option: 'firstLayer' | 'lastLayer',
  cost: Differences,
  minAgreement = 1,
  tolerance = roundingTolerance,
): void {
  const kept = cost.agrees.filter(Boolean).length / cost.agrees.length;
  if (kept < minAgreement)
    throw failureOf('compiler')('verification-failed', {
      what: `the packed model with its ${option === 'firstLayer' ? 'first layer in integers' : 'last layer in int8'} disagrees with the graph (largest difference relative to the spread ${cost.relativeDifference}, argmax of ${cost.sameRows} of ${cost.rows} rows)`,
      got: kept,
      expected: `differences of at most ${tolerance} of the spread, and the same argmax of each row, on at least ${minAgreement} of the samples`,
      next: `Use ${option}: 'float'; tolerance and minAgreement accept more.`,
    });
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
