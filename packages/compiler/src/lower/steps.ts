// Input quantizers with more than two levels: a step function in float32.
import type { QuantLayer } from '@bitgrad/layers';
import { emitSteps } from '../packing/steps.js';
import { plainValue, type Value } from '../packing/value.js';
import type { DeployedSteps } from '../quantized.js';
import { onRows } from '../tidy.js';
import type { GraphLayer } from '../graph.js';
import type { LoweringContext } from './context.js';

/** Writes the steps of a float32 value. */
export function quantizeSteps(
  layer: GraphLayer,
  { buffer, shape }: Value,
  { levels, values }: DeployedSteps,
  { builder }: LoweringContext,
): Value {
  // Without parameters every channel is alike.
  const perChannel = (layer as unknown as QuantLayer).slots.get('input')!.parameters.length > 0;
  const steps = { apply: onRows(values), levels, perChannel };
  return plainValue(emitSteps(builder, buffer, steps, layer.name), 'f32', shape);
}
