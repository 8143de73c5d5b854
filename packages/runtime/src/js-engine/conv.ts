// conv and dense: gather the window of an output position into a contiguous patch, then one dot product for
// each output channel. Three arithmetics: packed XNOR, small integers, float32 in the order of plan.ts.
import { wordsPerRow } from '@bitgrad/bits';
import type { ConvOp } from '../ops/conv.js';
import type { DenseOp } from '../ops/dense.js';
import type { TensorData, WeightSpec } from '../plan.js';
import { channelCount, elementCount, rowCount } from '../tensors.js';
import { copyBits, countDifferences, unpackLevels, type Words } from './bits.js';
import type { Step, StepArguments, Tensor } from './step.js';
import { locateTaps } from './window.js';

/** A window's values, one slot a tap, and the dot products with them. */
interface Arithmetic {
  kernel: string;
  bytes: number;
  /** Runs before each inference. */
  prepare?: () => void;
  /** Loads channels [first, first + length) of a pixel into the slot of a tap; pixel -1 loads the neutral value. */
  load: (tap: number, pixel: number, first: number) => void;
  /** Writes dot products of output channels [from, to) at out[at]. */
  dots: (out: TensorData, at: number, from: number, to: number) => void;
  /** What a padded tap still lacks: this times the sum of its weights. */
  correction: number;
}

/** Weights as +-1 or integers, one element each. */
export function expandWeights<T extends Int8Array | Float32Array>(w: Tensor<WeightSpec>, target: T): T {
  if (w.type === 'bits')
    unpackLevels(w.data as Uint32Array, rowCount(w.shape), channelCount(w.shape), target);
  else target.set(w.data);
  return target;
}

function xnor(x: Tensor, w: Tensor<WeightSpec>, taps: number, length: number, padValue: number): Arithmetic {
  const source = x.data as Words;
  const weights = w.data as Words;
  const words = wordsPerRow(length);
  const pixelWords = wordsPerRow(channelCount(x.shape));
  const patch = new Uint32Array(taps * words);
  const aligned = channelCount(x.shape) === length || length % 32 === 0;
  return {
    kernel: 'xnor',
    bytes: patch.byteLength,
    load: (tap, pixel, first) => {
      const at = tap * words;
      if (pixel < 0) for (let k = 0; k < words; k++) patch[at + k] = 0;
      else if (aligned) {
        const from = pixel * pixelWords + (first >>> 5);
        for (let k = 0; k < words; k++) patch[at + k] = source[from + k]!;
      } else copyBits(source, pixel * pixelWords * 32 + first, patch, at * 32, length);
    },
    dots: (out, at, from, to) => {
      const n = patch.length;
      for (let o = from; o < to; o++)
        out[at + o] = taps * length - 2 * countDifferences(patch, 0, weights, o * n, n);
    },
    // A padded tap holds zero bits, which stand for +1.
    correction: padValue - 1,
  };
}

function integers(
  x: Tensor,
  w: Tensor<WeightSpec>,
  taps: number,
  length: number,
  { padValue, shift }: { padValue: number; shift: number },
): Arithmetic {
  const channels = channelCount(x.shape);
  const levels = x.type === 'bits' ? new Int8Array(elementCount(x.shape)) : undefined;
  const source = levels ?? (x.data as Uint8Array);
  const weights =
    w.type === 'i8' ? (w.data as Int8Array) : expandWeights(w, new Int8Array(elementCount(w.shape)));
  const patch = new Int32Array(taps * length);
  return {
    kernel: 'integer',
    bytes: patch.byteLength + (levels?.byteLength ?? 0) + (w.type === 'i8' ? 0 : weights.byteLength),
    prepare: levels && (() => unpackLevels(x.data as Words, rowCount(x.shape), channels, levels)),
    load: (tap, pixel, first) => {
      const from = pixel * channels + first;
      for (let c = 0; c < length; c++) patch[tap * length + c] = pixel < 0 ? 0 : source[from + c]!;
    },
    dots: (out, at, from, to) => {
      const n = patch.length;
      for (let o = from; o < to; o++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum = (sum + patch[k]! * weights[o * n + k]!) | 0;
        out[at + o] = sum << shift;
      }
    },
    correction: padValue,
  };
}

/** Rounds the sums of products of one output channel after each step. */
function floatDot(patch: Float32Array, weights: Float32Array, at: number): number {
  const f = Math.fround;
  let sum = f(0);
  for (let k = 0; k < patch.length; k++) sum = f(sum + f(patch[k]! * weights[at + k]!));
  return sum;
}

function floats(x: Tensor, w: Tensor<WeightSpec>, taps: number, length: number): Arithmetic {
  const f = Math.fround;
  const channels = channelCount(x.shape);
  const source = x.data as Float32Array;
  const weights =
    w.type === 'f32' ? (w.data as Float32Array) : expandWeights(w, new Float32Array(elementCount(w.shape)));
  const patch = new Float32Array(taps * length);
  return {
    kernel: 'float',
    bytes: patch.byteLength + (w.type === 'f32' ? 0 : weights.byteLength),
    load: (tap, pixel, first) => {
      const from = pixel * channels + first;
      for (let c = 0; c < length; c++) patch[tap * length + c] = pixel < 0 ? 0 : source[from + c]!;
    },
    dots: (out, at, from, to) => {
      const n = patch.length;
      let o = from;
      // Four channels at a time hide the latency of the chains of additions.
      for (; o + 4 <= to; o += 4) {
        const w0 = o * n;
        const [w1, w2, w3] = [w0 + n, w0 + 2 * n, w0 + 3 * n];
        let [a, b, c, d] = [f(0), f(0), f(0), f(0)];
        for (let k = 0; k < n; k++) {
          const v = patch[k]!;
          a = f(a + f(v * weights[w0 + k]!));
          b = f(b + f(v * weights[w1 + k]!));
          c = f(c + f(v * weights[w2 + k]!));
          d = f(d + f(v * weights[w3 + k]!));
        }
        out[at + o] = a;
        out[at + o + 1] = b;
        out[at + o + 2] = c;
        out[at + o + 3] = d;
      }
      for (; o < to; o++) out[at + o] = floatDot(patch, weights, o * n);
    },
    correction: 0,
  };
}

/** Sums of the weights of each tap, [taps][cOut]: what a padded tap of value 1 adds. */
function sumTaps(w: Tensor<WeightSpec>, taps: number): Int32Array {
  const cOut = w.shape[0]!;
  const length = elementCount(w.shape) / cOut / taps;
  const weights = expandWeights(w, new Int8Array(elementCount(w.shape)));
  const sums = new Int32Array(taps * cOut);
  for (let i = 0; i < weights.length; i++) {
    const row = Math.floor(i / length);
    sums[(row % taps) * cOut + Math.floor(row / taps)]! += weights[i]!;
  }
  return sums;
}

/** The step of a convolution or fully connected layer (a 1x1 convolution over its rows). */
export function convStep({ op, x: [x], w: [w], out }: StepArguments<ConvOp | DenseOp>): Step {
  const dense = op.op === 'dense';
  const window: Pick<ConvOp, 'kernel' | 'strides' | 'dilations' | 'pads' | 'groups' | 'padValue' | 'shift'> =
    dense
      ? {
          kernel: [1, 1],
          strides: [1, 1],
          dilations: [1, 1],
          pads: [0, 0, 0, 0],
          groups: 1,
          padValue: 0,
          shift: 0,
        }
      : op;
  const [height, width] = dense ? [rowCount(x!.shape), 1] : (x!.shape as [number, number]);
  const [outH, outW] = dense ? [height, 1] : (out.shape as [number, number]);
  const { groups } = window;
  const cOut = channelCount(out.shape);
  const length = channelCount(x!.shape) / groups;
  const taps = window.kernel[0] * window.kernel[1];
  const { kernel, bytes, prepare, load, dots, correction } =
    x!.type === 'f32'
      ? floats(x!, w!, taps, length)
      : x!.type === 'bits' && w!.type === 'bits'
        ? xnor(x!, w!, taps, length, window.padValue)
        : integers(x!, w!, taps, length, window);
  const padded = window.pads.some((pad) => pad > 0) && correction !== 0;
  const tapSums = padded ? sumTaps(w!, taps) : undefined;
  const located = new Int32Array(taps);
  const target = out.data;
  const run = (): void => {
    prepare?.();
    for (let y = 0, at = 0; y < outH; y++)
      for (let column = 0; column < outW; column++, at += cOut) {
        const outside = locateTaps(window, height, width, y, column, located);
        for (let g = 0; g < groups; g++) {
          for (let t = 0; t < taps; t++) load(t, located[t]!, g * length);
          dots(target, at, (g * cOut) / groups, ((g + 1) * cOut) / groups);
        }
        if (tapSums && outside > 0)
          for (let t = 0; t < taps; t++)
            if (located[t]! < 0)
              for (let o = 0; o < cOut; o++)
                target[at + o] = target[at + o]! + correction * tapSums[t * cOut + o]!;
      }
  };
  return {
    kernel: `${kernel}-${op.op}`,
    run,
    bytes: bytes + located.byteLength + (tapSums?.byteLength ?? 0),
  };
}
