// Input quantizers with more than two levels: a step function in float32, found by probing like any threshold.
import * as tf from '@tensorflow/tfjs-core';
import type { QuantLayer } from '@bitgrad/layers';
import { floatThresholds } from '../probe.js';
import type { DeployedSteps } from '../quantized.js';
import { tidied } from '../tidy.js';
import type { GraphLayer } from '../graph.js';
import type { Value } from '../value.js';
import { emit, unsupported, type LoweringContext } from './context.js';

/** Emits a `quantize` op of a float32 value. */
export function quantizeSteps(
  layer: GraphLayer,
  { buffer, shape }: Value,
  { levels, values }: DeployedSteps,
  context: LoweringContext,
): Value {
  const own = layer as unknown as QuantLayer;
  // Without parameters every channel is alike, and one stands for all.
  const channels = own.slots.get('input')!.parameters.length > 0 ? shape.at(-1)! : 1;
  const rank = shape.length;
  const sorted = levels.toSorted((a, b) => a - b);
  const thresholds = sorted.slice(1).map((level, i) => {
    const middle = (level + sorted[i]!) / 2;
    const found = floatThresholds(
      channels,
      (x, rows) =>
        tidied(() => {
          const t = tf.tensor(x, [rows, ...Array<number>(rank - 1).fill(1), channels]);
          return tf
            .sub(tf.mul(tf.cast(tf.greater(values(t), middle), 'float32'), 2), 1)
            .dataSync() as Float32Array;
        }),
      layer.name,
    );
    const first = found[0]!;
    if (!found.every(({ t, flip }) => t === first.t && flip === 0))
      unsupported(
        layer,
        'its input levels differ by channel or fall',
        'Use the same increasing levels for every channel.',
      );
    return first.t;
  });
  const weights: [number, number] = [
    context.builder.weight('f32', [thresholds.length], Float32Array.from(thresholds)),
    context.builder.weight('f32', [sorted.length], Float32Array.from(sorted)),
  ];
  return emit(layer, { op: 'quantize', inputs: [buffer], weights }, context);
}
