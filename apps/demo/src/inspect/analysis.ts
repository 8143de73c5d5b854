// What the Inspect page shows of a packed model: layers with shapes, sizes and products, and weights as bits.
import {
  elementCount,
  storageBytes,
  type Op,
  type PackedModel,
  type Plan,
  type Shape,
  type TensorData,
} from '@bitgrad/runtime';

/** One op of the plan. */
export interface LayerRow {
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly input: string;
  readonly output: string;
  readonly weightBytes: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** True when weights and input are 1 bit each. */
  readonly binary: boolean;
}

const buffer = (plan: Plan, index: number): string => {
  const { type, shape } = plan.buffers[index]!;
  return `${shape.join(' × ')} ${type}`;
};

/** Multiply-accumulates of an op; 0 for ops that do none. */
function macsOf(plan: Plan, op: Op): number {
  const output = elementCount(plan.buffers[op.output]!.shape);
  const weight = op.weights?.length ? plan.weights[op.weights[0]!]!.shape : [];
  switch (op.op) {
    case 'conv':
      return output * (weight[1]! * weight[2]! * weight[3]!);
    case 'depthwise':
      return output * (weight[0]! * weight[1]!);
    case 'dense':
      return output * weight[1]!;
    case 'matmul':
      return output * plan.buffers[op.inputs[0]!]!.shape.at(-1)!;
    default:
      return 0;
  }
}

/** The ops of a model, in the order in which they run. */
export function layersOf({ plan }: PackedModel): LayerRow[] {
  return plan.ops.map((op, index) => {
    const weights = (op.weights ?? []).map((at) => plan.weights[at]!);
    const macs = macsOf(plan, op);
    return {
      index,
      name: op.name ?? `${op.op} ${index}`,
      op: op.op,
      input: op.inputs.map((at) => buffer(plan, at)).join(', '),
      output: buffer(plan, op.output),
      weightBytes: weights.reduce((sum, spec) => sum + storageBytes(spec.type, spec.shape), 0),
      macs,
      binary: macs > 0 && weights[0]?.type === 'bits' && plan.buffers[op.inputs[0]!]!.type === 'bits',
    };
  });
}

/** Weights of an op that are bits. */
export interface BitWeights {
  readonly name: string;
  readonly shape: Shape;
  readonly words: Uint32Array;
}

/** Every 1-bit weight of products, in order. */
export const bitWeightsOf = ({ plan, weights }: PackedModel): BitWeights[] =>
  plan.ops.flatMap((op, index) => {
    const at = op.op === 'threshold' ? undefined : op.weights?.[0];
    if (at === undefined || plan.weights[at]!.type !== 'bits') return [];
    return [
      {
        name: op.name ?? `${op.op} ${index}`,
        shape: plan.weights[at]!.shape,
        words: weights[at] as Uint32Array,
      },
    ];
  });

/** Thresholds of an op: one number and one flip for each channel. */
export interface Thresholds {
  readonly name: string;
  readonly values: readonly number[];
  readonly flips: number;
}

const bitAt = (words: Uint32Array, k: number): number => (words[k >>> 5]! >>> (k & 31)) & 1;

/** Every threshold of the plan. */
export const thresholdsOf = ({ plan, weights }: PackedModel): Thresholds[] =>
  plan.ops.flatMap((op, index) => {
    if (op.op !== 'threshold') return [];
    const values = Array.from(weights[op.weights[0]] as TensorData, Number);
    const words = weights[op.weights[1]] as Uint32Array;
    const flips = values.reduce((sum, _, c) => sum + bitAt(words, c), 0);
    return [{ name: op.name ?? `threshold ${index}`, values, flips }];
  });

/** A black and white picture, one byte a pixel: 1 for weight -1. */
export interface BitPicture {
  readonly width: number;
  readonly height: number;
  readonly bits: Uint8Array;
  /** Rows and columns of each filter's own tile; for lines between them. */
  readonly tile: readonly [height: number, width: number];
  readonly caption: string;
}

/** Most pixels of a picture; larger weights are shown in part. */
const mostPixels = 1 << 19;

/**
 * Draws weights: kernels [out, h, w, in] as one row of taps for each output channel, h * w tiles of `in` bits; others
 * as one row of bits for each output.
 */
export function bitPicture({ shape, words }: BitWeights): BitPicture {
  const length = shape.at(-1)!;
  const rows = elementCount(shape) / length;
  const stride = Math.ceil(length / 32);
  const taps = shape.length === 4 ? shape[1]! * shape[2]! : 1;
  // One input channel: each filter is a small image of its own.
  const images = shape.length === 4 && length === 1;
  const columns = images ? shape[2]! : taps * length;
  const outputs = rows / taps;
  const height = images ? shape[1]! : 1;
  const across = images ? Math.ceil(Math.sqrt(outputs * 2)) : 1;
  const shown = Math.min(outputs, Math.max(1, Math.floor(mostPixels / (columns * height))));
  const tileRows = Math.ceil(shown / across);
  const width = across * columns + (images ? across - 1 : 0);
  const full = tileRows * height + (images ? tileRows - 1 : 0);
  const bits = new Uint8Array(width * full).fill(2);
  for (let o = 0; o < shown; o++)
    for (let t = 0; t < taps; t++)
      for (let k = 0; k < length; k++) {
        const bit = bitAt(words.subarray((o * taps + t) * stride), k);
        const [y, x] = images
          ? [
              Math.floor(o / across) * (height + 1) + Math.floor(t / columns),
              (o % across) * (columns + 1) + (t % columns),
            ]
          : [o, t * length + k];
        bits[y * width + x] = bit;
      }
  const caption =
    `${shape.join(' × ')}` + (shown < outputs ? `, the first ${shown} of ${outputs} outputs` : '');
  return { width, height: full, bits, tile: [height, images ? columns : length], caption };
}
