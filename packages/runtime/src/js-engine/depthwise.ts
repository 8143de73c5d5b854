// depthwise convolution: taps outermost, channels innermost, accumulating in the output itself.
import type { DepthwiseOp } from '../ops/depthwise.js';
import { channelCount, elementCount, rowCount } from '../tensors.js';
import { unpackLevels } from './bits.js';
import { expandWeights } from './conv.js';
import type { Step, StepArguments } from './step.js';
import { locateTaps } from './window.js';

/** The step of a depthwise convolution. */
export function depthwiseStep({ op, x: [x], w: [w], out }: StepArguments<DepthwiseOp>): Step {
  const [height, width, channels] = x!.shape as [number, number, number];
  const [outH, outW, cOut] = out.shape as [number, number, number];
  const { multiplier, padValue, shift } = op;
  const float = x!.type === 'f32';
  const levels = x!.type === 'bits' ? new Int8Array(elementCount(x!.shape)) : undefined;
  const source = levels ?? x!.data;
  const weights = expandWeights(w!, new (float ? Float32Array : Int8Array)(elementCount(w!.shape)));
  const taps = op.kernel[0] * op.kernel[1];
  const located = new Int32Array(taps);
  const target = out.data;
  const scale = 2 ** shift;
  const run = (): void => {
    if (levels) unpackLevels(x!.data as Uint32Array, rowCount(x!.shape), channelCount(x!.shape), levels);
    for (let y = 0, at = 0; y < outH; y++)
      for (let column = 0; column < outW; column++, at += cOut) {
        locateTaps(op, height, width, y, column, located);
        for (let q = 0; q < cOut; q++) target[at + q] = 0;
        for (let t = 0; t < taps; t++) {
          const pixel = located[t]!;
          if (pixel < 0) {
            if (padValue !== 0)
              for (let q = 0; q < cOut; q++)
                target[at + q] = target[at + q]! + padValue * weights[t * cOut + q]!;
          } else
            for (let c = 0, q = 0; c < channels; c++) {
              const v = source[pixel * channels + c]! * scale;
              // Each store rounds to the type of the output, so float32 sums follow the order of plan.ts.
              for (let m = 0; m < multiplier; m++, q++)
                target[at + q] = target[at + q]! + Math.fround(v * weights[t * cOut + q]!);
            }
        }
      }
  };
  return {
    kernel: `${float ? 'float' : 'integer'}-depthwise`,
    run,
    bytes: weights.byteLength + (levels?.byteLength ?? 0) + located.byteLength,
  };
}
