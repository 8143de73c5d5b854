// Products of tensors that are exactly +-1: packed XNOR kernels forward where the backend has them, with the float
// gradients of the plain product. Exact: a packed kernel gives bit for bit what the float product gives.
import * as tf from '@tensorflow/tfjs-core';
import { axisWindow, checkOptions, option, type AxisPadding, type OptionRules } from '@bitgrad/bits';
import { customOp } from './custom-op.js';
import { expectTensor, shapeMismatch } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** Padding of height and width: none, TensorFlow's 'same', or [[top, bottom], [left, right]]. */
export type Padding2d =
  'valid' | 'same' | readonly [rows: readonly [number, number], columns: readonly [number, number]];

/** The padding along `axis`: 0 height, 1 width. */
export const paddingOf = (padding: Padding2d, axis: 0 | 1): AxisPadding =>
  typeof padding === 'string' ? padding : padding[axis]!;

/** The padding as ops of tfjs take it. */
export const tfjsPadding = (padding: Padding2d): 'valid' | 'same' | tf.backend_util.ExplicitPadding =>
  typeof padding === 'string' ? padding : [[0, 0], [...padding[0]], [...padding[1]], [0, 0]];

/** Geometry of {@link binaryConv2d}. */
export interface BinaryConv2dOptions {
  readonly strides: readonly [number, number];
  readonly padding: Padding2d;
  readonly dilations?: readonly [number, number];
}

const pair = option.of(
  'two integers, 1 or more',
  (v) => Array.isArray(v) && v.length === 2 && v.every((x) => Number.isSafeInteger(x) && x >= 1),
);
/** What {@link Padding2d} may be. */
export const paddingRule = option.of(
  "'valid', 'same', or four whole numbers [[top, bottom], [left, right]]",
  (v) =>
    v === 'valid' ||
    v === 'same' ||
    (Array.isArray(v) &&
      v.length === 2 &&
      v.every(
        (side) => Array.isArray(side) && side.length === 2 && side.every((n) => option.integer(0).allows(n)),
      )),
);
const rules: OptionRules<BinaryConv2dOptions> = {
  strides: option.required(pair),
  padding: option.required(paddingRule),
  dilations: pair,
};

type Pair = [number, number];

/**
 * The geometry of a convolution of signs, checked.
 * @param owner the op, for messages
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `disposed`
 */
export function checkBinaryConv2d(
  owner: string,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  options: BinaryConv2dOptions,
): { strides: Pair; padding: Padding2d; dilations: Pair } {
  expectTensor(owner, 'x', x, 4);
  expectTensor(owner, 'filter', filter, 4);
  if (x.shape[3] !== filter.shape[2])
    throw shapeMismatch(`filter of ${owner}`, filter.shape, `${x.shape[3]} input channels`);
  const { strides, padding, dilations = [1, 1] } = checkOptions('core', owner, options, rules);
  return { strides: [...strides], padding, dilations: [...dilations] };
}

/** Padded pixels: top, bottom, left, right. */
export const padsOf = (
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  strides: readonly [number, number],
  padding: Padding2d,
): number[] =>
  ([0, 1] as const).flatMap((i) => {
    const { before, after } = axisWindow(
      x.shape[i + 1]!,
      filter.shape[i]!,
      strides[i]!,
      1,
      paddingOf(padding, i),
    );
    return [before, after];
  });

/**
 * 2-D convolution of +-1 tensors. The caller guarantees that both hold exactly +1 and -1; padding is with 0, as in tfjs.
 * @param x float32 [n, h, w, c]
 * @param filter float32 [kh, kw, c, o]
 */
export function binaryConv2d(x: tf.Tensor4D, filter: tf.Tensor4D, options: BinaryConv2dOptions): tf.Tensor4D {
  const { strides: s, padding, dilations: d } = checkBinaryConv2d('binaryConv2d', x, filter, options);
  // tfjs has no gradient of dilated convolutions on any backend; the float path says so itself.
  if (!hasKernel('BitgradBinaryConv2D') || d[0] > 1 || d[1] > 1)
    return tf.conv2d(x, filter, s, tfjsPadding(padding), 'NHWC', d);
  const attrs = { strides: s, pads: padsOf(x, filter, s, padding), dilations: d, padValue: 0 };
  return customOp(
    [x, filter],
    (inputs) => ({
      value: runKernel('BitgradBinaryConv2D', { x: inputs[0]!, filter: inputs[1]! }, attrs)[0]!,
      saved: inputs,
    }),
    (dy, saved) =>
      convGradients(saved[0] as tf.Tensor4D, saved[1] as tf.Tensor4D, dy as tf.Tensor4D, s, padding),
  ) as tf.Tensor4D;
}

const convGradients = (
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor4D,
  strides: readonly [number, number],
  padding: Padding2d,
): tf.Tensor[] => {
  const attrs = { strides: [...strides], pad: tfjsPadding(padding), dataFormat: 'NHWC' };
  const run = (name: string, inputs: tf.NamedTensorMap, more: object) =>
    tf.engine().runKernel(name, inputs, { ...attrs, ...more } as never) as tf.Tensor;
  return [
    run('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }),
    run('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }),
  ];
};

/**
 * Matrix product of +-1 matrices [m, k] x [k, n]. The caller guarantees that both hold exactly +1 and -1.
 */
export function binaryMatMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  expectTensor('binaryMatMul', 'a', a, 2);
  expectTensor('binaryMatMul', 'b', b, 2);
  if (a.shape[1] !== b.shape[0]) throw shapeMismatch('b of binaryMatMul', b.shape, `${a.shape[1]} rows`);
  if (!hasKernel('BitgradBinaryMatMul')) return tf.matMul(a, b);
  return customOp(
    [a, b],
    (inputs) => ({
      value: runKernel('BitgradBinaryMatMul', { a: inputs[0]!, b: inputs[1]! })[0]!,
      saved: inputs,
    }),
    (dy, [a0, b0]) => [
      tf.matMul(dy as tf.Tensor2D, b0!, false, true),
      tf.matMul(a0!, dy as tf.Tensor2D, true, false),
    ],
  ) as tf.Tensor2D;
}
