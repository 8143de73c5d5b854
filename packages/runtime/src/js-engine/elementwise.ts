// Ops on single elements that are no expressions, and products of two buffers. Channels are innermost; a store into a Float32Array rounds to float32.
import { wordsPerRow } from '@bitgrad/bits';
import type { AddOp } from '../ops/add.js';
import type { MatmulOp } from '../ops/matmul.js';
import type { QuantizeOp } from '../ops/quantize.js';
import type { ThresholdOp } from '../ops/threshold.js';
import { channelCount, elementCount, rowCount } from '../tensors.js';
import { bitAt, countDifferences, type Words } from './bits.js';
import type { Step, StepArguments } from './step.js';

const f = Math.fround;

/** threshold: compares and packs a word of channels at a time. */
export function thresholdStep({ x: [x], w, out }: StepArguments<ThresholdOp>): Step {
  const c = channelCount(x!.shape);
  const rows = rowCount(x!.shape);
  const stride = wordsPerRow(c);
  const [thresholds, flips] = [w[0]!.data, w[1]!.data];
  const [source, target] = [x!.data, out.data];
  if (x!.type === 'bits') {
    // Only two values can come in, so the answer to each is a word of constants.
    const [forPlus, forMinus] = [1, -1].map((level) => {
      const words = new Uint32Array(stride);
      for (let i = 0; i < c; i++)
        words[i >>> 5]! |= ((level < thresholds[i]! ? 1 : 0) ^ bitAt(flips as Words, i)) << (i & 31);
      return words;
    }) as [Uint32Array, Uint32Array];
    const run = (): void => {
      for (let i = 0, k = 0; i < target.length; i++, k = k + 1 === stride ? 0 : k + 1)
        target[i] = (source[i]! & forMinus[k]!) | (~source[i]! & forPlus[k]!);
    };
    return { kernel: 'select', run, bytes: 8 * stride };
  }
  const run = (): void => {
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < stride; k++) {
        const from = k * 32;
        const size = Math.min(32, c - from);
        const at = row * c + from;
        let word = 0;
        for (let i = 0; i < size; i++) if (source[at + i]! < thresholds[from + i]!) word |= 1 << i;
        target[row * stride + k] = word ^ flips[k]!;
      }
  };
  return { kernel: 'threshold', run };
}

/** quantize: binary search among the thresholds. */
export function quantizeStep({ x: [x], w, out }: StepArguments<QuantizeOp>): Step {
  const [thresholds, levels] = [w[0]!.data, w[1]!.data];
  const [source, target] = [x!.data, out.data];
  const run = (): void => {
    for (let i = 0; i < source.length; i++) {
      const v = source[i]!;
      let [low, high] = [0, thresholds.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (thresholds[middle]! <= v) low = middle + 1;
        else high = middle;
      }
      target[i] = levels[low]!;
    }
  };
  return { kernel: 'search', run };
}

/** add of integers, which wrap; the second operand has as many elements, or is one row. */
export function integerSumStep({ x: [a, b], out }: StepArguments<AddOp>): Step {
  const [left, right, target] = [a!.data, b!.data, out.data];
  const period = elementCount(b!.shape);
  const run = (): void => {
    for (let i = 0, k = 0; i < left.length; i++, k = k + 1 === period ? 0 : k + 1)
      target[i] = left[i]! + right[k]!;
  };
  return { kernel: 'add', run };
}

/** matmul of two buffers, float32 or packed. */
export function matmulStep({ op, x: [a, b], out }: StepArguments<MatmulOp>): Step {
  const k = channelCount(a!.shape);
  const n = channelCount(out.shape);
  const m = out.shape[out.shape.length - 2]!;
  const batches = rowCount(out.shape) / m;
  const packed = a!.type === 'bits';
  const step = packed ? wordsPerRow(k) : k;
  const [left, right, target] = [a!.data, b!.data, out.data];
  const [alongK, alongN] = op.transposeB ? [1, step] : [n, 1];
  const run = (): void => {
    for (let batch = 0, at = 0; batch < batches; batch++)
      for (let row = 0; row < m; row++)
        for (let column = 0; column < n; column++, at++) {
          const from = (batch * m + row) * step;
          const start = batch * step * n + column * alongN;
          if (packed) target[at] = k - 2 * countDifferences(left as Words, from, right as Words, start, step);
          else {
            let sum = f(0);
            for (let i = 0; i < k; i++) sum = f(sum + f(left[from + i]! * right[start + i * alongK]!));
            target[at] = sum;
          }
        }
  };
  return { kernel: packed ? 'xnor-matmul' : 'float-matmul', run };
}
