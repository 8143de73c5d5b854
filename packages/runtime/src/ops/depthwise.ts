import { accumulatorType, paddingAttributes } from './accumulation.js';
import { count } from './attributes.js';
import { defineOp, needSpec, type OpOf } from './define.js';
import { tapCost, windowAttributes, windowOutput } from './window.js';

/**
 * Depthwise 2-D convolution. inputs: [x, [h, w, c]]; weights: [w, [kernelH, kernelW, c * multiplier]];
 * output: [outH, outW, c * multiplier]; output channel q reads input channel floor(q / multiplier).
 * Types and arithmetic as in {@link PaddedAccumulation}, the channel loop having one step.
 */
export const depthwise = defineOp({
  weights: ['w'],
  attributes: { ...windowAttributes, ...paddingAttributes, multiplier: count() },
  rule(args) {
    const { a, x, w, need } = args;
    const [outH, outW] = windowOutput(args);
    const c = x[0]!.shape[2]! * a.multiplier;
    const type = accumulatorType(args, a.kernel[0] * a.kernel[1]);
    needSpec(need, 'weights[0]', w[0]!, w[0]!.type, [...a.kernel, c]);
    return { type, shape: [outH, outW, c], cost: outH * outW * (c + tapCost) * a.kernel[0] * a.kernel[1] };
  },
});

/** See {@link depthwise}. */
export type DepthwiseOp = OpOf<'depthwise', typeof depthwise>;
