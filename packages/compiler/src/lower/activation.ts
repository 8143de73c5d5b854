// An input quantizer as a layer of its own.
import type { QuantLayer } from '@bitgrad/layers';
import { toBits, uniformToFloat } from '../packing/emit.js';
import { binarization, deployInput } from '../quantized.js';
import { plainValue, shapeOf } from '../packing/value.js';
import { asFloat, binarizable, type Lowering } from './context.js';
import { quantizeSteps } from './steps.js';

/** QuantActivation: bits, given to the graph as their values in float32; steps where there are more levels. */
export const quantActivation: Lowering = (layer, [x], context) => {
  const input = deployInput(layer as unknown as QuantLayer);
  if (!input) return x!;
  if (!('codes' in input)) return quantizeSteps(layer, asFloat(x!, context), input, context);
  const { builder } = context;
  const bits = toBits(builder, binarizable(x!, input, context), binarization(input), layer.name);
  const [unit, offset] = [(input.high - input.low) / 2, (input.high + input.low) / 2];
  return plainValue(uniformToFloat(builder, bits, unit, offset, layer.name), 'f32', shapeOf(x!));
};
