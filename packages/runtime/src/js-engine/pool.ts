// Pooling over the real taps of a window.
import { wordsPerRow } from '@bitgrad/bits';
import type { AvgPoolOp } from '../ops/avg-pool.js';
import type { MaxPoolOp } from '../ops/max-pool.js';
import { bitAt, type Words } from './bits.js';
import type { Step, StepArguments } from './step.js';
import { locateTaps } from './window.js';

/** maxPool; packed levels are pooled a word at a time: the maximum is the AND of the bits. */
export function maxPoolStep({ op, x: [x], out }: StepArguments<MaxPoolOp>): Step {
  const [height, width, channels] = x!.shape as [number, number, number];
  const [outH, outW] = out.shape as [number, number];
  const packed = x!.type === 'bits';
  const c = packed ? wordsPerRow(channels) : channels;
  const taps = new Int32Array(op.kernel[0] * op.kernel[1]);
  const [source, target] = [x!.data, out.data];
  const run = (): void => {
    for (let y = 0, at = 0; y < outH; y++)
      for (let column = 0; column < outW; column++, at += c) {
        locateTaps(op, height, width, y, column, taps);
        let first = true;
        for (let t = 0; t < taps.length; t++) {
          if (taps[t]! < 0) continue;
          const from = taps[t]! * c;
          if (first) for (let k = 0; k < c; k++) target[at + k] = source[from + k]!;
          else if (packed) for (let k = 0; k < c; k++) target[at + k] = target[at + k]! & source[from + k]!;
          else
            for (let k = 0; k < c; k++)
              if (source[from + k]! > target[at + k]!) target[at + k] = source[from + k]!;
          first = false;
        }
      }
  };
  return { kernel: packed ? 'packed-max' : 'max', run, bytes: taps.byteLength };
}

/** avgPool: integer sums wrap, float32 sums round at each step; one division at the end. */
export function avgPoolStep({ op, x: [x], out }: StepArguments<AvgPoolOp>): Step {
  const [height, width, c] = x!.shape as [number, number, number];
  const [outH, outW] = out.shape as [number, number];
  const taps = new Int32Array(op.kernel[0] * op.kernel[1]);
  const stride = 32 * wordsPerRow(c);
  const packed = x!.type === 'bits';
  const sums = new (x!.type === 'f32' ? Float32Array : Int32Array)(c);
  const [source, target] = [x!.data, out.data];
  const run = (): void => {
    for (let y = 0, at = 0; y < outH; y++)
      for (let column = 0; column < outW; column++, at += c) {
        const n = taps.length - locateTaps(op, height, width, y, column, taps);
        sums.fill(0);
        for (let t = 0; t < taps.length; t++) {
          const pixel = taps[t]!;
          if (pixel < 0) continue;
          if (packed)
            for (let k = 0; k < c; k++)
              sums[k] = sums[k]! + 1 - 2 * bitAt(source as Words, pixel * stride + k);
          else for (let k = 0; k < c; k++) sums[k] = sums[k]! + source[pixel * c + k]!;
        }
        for (let k = 0; k < c; k++) target[at + k] = Math.fround(sums[k]!) / n;
      }
  };
  return { kernel: 'average', run, bytes: taps.byteLength + sums.byteLength };
}
