import { channelCount, elementCount } from '../tensors.js';
import { accumulatorType } from './accumulation.js';
import { defineOp, needSpec, type OpOf } from './define.js';

/**
 * Fully connected layer on each row. inputs: [x, [..., k]]; weights: [w, [units, k]]; output: [..., units].
 * Types as in {@link PaddedAccumulation}: integers give acc = sum a * w as `i32`; `f32` gives
 * acc = +0, then acc = fround(acc + fround(x[i] * w[i])) for i = 0..k-1.
 */
export const dense = defineOp({
  weights: ['w'],
  rule(args) {
    const { x, w, need } = args;
    const { shape } = x[0]!;
    const k = channelCount(shape);
    const units = w[0]!.shape[0]!;
    const type = accumulatorType(args, k);
    needSpec(need, 'weights[0]', w[0]!, w[0]!.type, [units, k]);
    return { type, shape: [...shape.slice(0, -1), units], cost: elementCount(shape) * units };
  },
});

/** See {@link dense}. */
export type DenseOp = OpOf<'dense', typeof dense>;
