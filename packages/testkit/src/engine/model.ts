// Small models of one or a few ops for the engine cases, with seeded random weights and inputs.
import {
  createPlanBuilder,
  type BufferSpec,
  type OpDraft,
  type PackedModel,
  type Shape,
  type WeightSpec,
} from '@bitgrad/runtime';
import { storage } from './growers/plan.js';
import { testRandom, type TestRandom } from './random.js';

/** A model with an input for it. */
export interface Trial extends PackedModel {
  readonly label: string;
  readonly input: Uint8Array | Float32Array;
}

/** Adds ops one by one; each method returns the number of a buffer. */
export interface ModelBuilder {
  readonly random: TestRandom;
  readonly buffers: readonly BufferSpec[];
  /** A weight with random contents, or values of index i. */
  weight(type: WeightSpec['type'], shape: Shape, value?: (i: number) => number): number;
  /** Appends an op; `shape` is that of its result where nothing else decides it. */
  op(op: Record<string, unknown>, shape?: Shape): number;
  /** Packed levels of a buffer: its signs. */
  signs(x: number): number;
  /** A buffer of any type with the elements of a `u8` or `f32` buffer, in its shape. */
  as(type: BufferSpec['type'], x: number): number;
}

/**
 * Builds a model. Float values are small multiples of 1/4, so that sums are exact in any order.
 * @param input type and shape of the input; `edges` replaces the random input of type f32
 */
export function trial(
  label: string,
  input: BufferSpec,
  build: (b: ModelBuilder) => void,
  given?: Float32Array,
): Trial {
  const random = testRandom([...label].reduce((h, ch) => (Math.imul(h, 31) + ch.charCodeAt(0)) | 0, 7));
  const builder = createPlanBuilder();
  const { buffers } = builder;
  builder.buffer(input.type, input.shape);
  const draw = {
    bits: () => random.int(0, 1) * 2 - 1,
    u8: () => random.int(0, 255),
    i8: () => random.int(-128, 127),
    i32: () => random.int(-40, 40),
    f32: () => random.int(-8, 8) / 4,
  };
  const weight: ModelBuilder['weight'] = (type, shape, value = draw[type]) =>
    builder.weight(type, shape, storage(type, shape, value));
  const op: ModelBuilder['op'] = (draft, shape) => builder.op(draft as unknown as OpDraft, shape);
  const signs = (x: number): number => {
    const { type, shape } = buffers[x]!;
    const c = [shape[shape.length - 1]!];
    const t = weight(type === 'f32' ? 'f32' : 'i32', c, () => (type === 'u8' ? 128 : 0));
    return op({ op: 'threshold', inputs: [x], weights: [t, weight('bits', c, () => 1)] });
  };
  const as: ModelBuilder['as'] = (type, x) => {
    const from = buffers[x]!;
    const c = from.shape[from.shape.length - 1]!;
    if (type === from.type) return x;
    if (type === 'bits') return signs(x);
    if (type === 'f32') {
      const one = weight('f32', [c], () => 1);
      return op({ op: 'affine', inputs: [x], weights: [one, weight('f32', [c], () => 0)] });
    }
    const identity = weight('i8', [c, c], (i) => (i % c === Math.floor(i / c) ? 1 : 0));
    return op({ op: 'dense', inputs: [from.type === 'f32' ? signs(x) : x], weights: [identity] });
  };
  build({ random, buffers, weight, op, signs, as });
  const end = buffers[buffers.length - 1]!;
  if (end.type !== 'f32' && end.type !== 'i32') {
    const c = end.shape[end.shape.length - 1]!;
    const affine = [weight('f32', [c]), weight('f32', [c])];
    op({ op: 'affine', inputs: [buffers.length - 1], weights: affine });
  }
  const size = input.shape.reduce((a, b) => a * b, 1);
  return {
    label,
    ...builder.finish(0, buffers.length - 1),
    input:
      given ??
      (input.type === 'u8' ? Uint8Array : Float32Array).from(
        new Array<number>(size).fill(0).map(draw[input.type as 'f32']),
      ),
  };
}

/** A convolution as data. */
export interface ConvTrial {
  type: 'bits' | 'u8' | 'f32';
  size: readonly [number, number];
  c: number;
  cOut?: number;
  weight?: 'bits' | 'i8' | 'f32';
  kernel?: readonly [number, number];
  strides?: readonly [number, number];
  dilations?: readonly [number, number];
  pads?: readonly [number, number, number, number];
  padValue?: number;
  shift?: number;
  groups?: number;
  /** Makes it a depthwise convolution. */
  multiplier?: number;
  /** Followed by a threshold on its sums and a second layer, so that engines may fuse. */
  threshold?: boolean;
}

/** The model of a convolution. */
export function convTrial(given: ConvTrial): Trial {
  const {
    type,
    size,
    c,
    cOut = 5,
    weight = type === 'f32' ? 'f32' : 'bits',
    kernel = [3, 3],
    strides = [1, 1],
    dilations = [1, 1],
    pads = [0, 0, 0, 0],
    padValue = 0,
    shift = 0,
    groups = 1,
    multiplier,
    threshold = false,
  } = given;
  const shape = [...size, c];
  const n = multiplier === undefined ? cOut : c * multiplier;
  return trial(JSON.stringify(given), { type: type === 'u8' ? 'u8' : 'f32', shape }, (b) => {
    const x = type === 'bits' ? b.signs(0) : 0;
    const w = b.weight(weight, multiplier === undefined ? [n, ...kernel, c / groups] : [...kernel, n]);
    const common = { inputs: [x], weights: [w], kernel, strides, dilations, pads, padValue, shift };
    const y = b.op(
      multiplier === undefined
        ? { op: 'conv', ...common, groups }
        : { op: 'depthwise', ...common, multiplier },
    );
    if (!threshold) return;
    const float = type === 'f32';
    const t = b.weight(float ? 'f32' : 'i32', [n], () =>
      b.random.int(0, 5) === 0 ? (float ? -Infinity : -(2 ** 31)) : b.random.int(-9, 9),
    );
    const packed = b.op({ op: 'threshold', inputs: [y], weights: [t, b.weight('bits', [n])] });
    b.op({ op: 'dense', inputs: [packed], weights: [b.weight('bits', [7, n])] });
  });
}
