// Convolutions and pools: values and gradients over strides, paddings, odd sizes and one-pixel images.
import * as tf from '@tensorflow/tfjs-core';
import { defineCase, type ConformanceCase } from '../case.js';
import {
  bilinearGradients,
  bilinearValue,
  convolutionTerms,
  depthwiseTerms,
  maxPoolSources,
  outputOf,
  poolCounts,
  slide,
  type Pad,
  type Terms,
  type Windows,
} from './reference.js';
import { checkOp, normal, sizeOf, type TrainingSession, type Values } from './session.js';

type Image = [number, number, number, number];
type Pair = [number, number];
const windows = (image: Image, window: Pair, strides: Pair, pad: Pad): Windows => ({
  image,
  window,
  strides,
  pad,
});
const nameOf = ({ image, window, strides, pad }: Windows): string =>
  `[${image}] window ${window} stride ${strides} pad ${pad}`;

/** Geometries with the numbers of output channels (convolution) or channel multipliers (depthwise). */
const geometries: readonly (readonly [geometry: Windows, out: number])[] = [
  [windows([2, 5, 5, 3], [3, 3], [1, 1], 'same'), 5],
  [windows([2, 5, 6, 4], [3, 3], [1, 1], 'valid'), 8],
  [windows([1, 7, 7, 2], [3, 3], [2, 2], 'same'), 3],
  [windows([2, 6, 8, 3], [3, 2], [2, 3], 'valid'), 7],
  [windows([1, 1, 1, 1], [1, 1], [1, 1], 'valid'), 1],
  [windows([1, 1, 1, 3], [3, 3], [1, 1], 'same'), 2],
  [windows([2, 5, 5, 2], [1, 1], [3, 3], 'valid'), 9],
  [windows([1, 6, 6, 2], [2, 2], [4, 3], 'same'), 3],
  [windows([1, 5, 4, 2], [5, 5], [1, 1], 2), 4],
  [windows([1, 4, 4, 33], [3, 3], [1, 1], 'same'), 17],
];

const bilinear = async (
  session: TrainingSession,
  what: string,
  f: (x: tf.Tensor, w: tf.Tensor) => tf.Tensor,
  [x, w]: readonly [Values, Values],
  terms: Terms,
  size: number,
): Promise<void> =>
  checkOp(
    {
      label: what,
      inputs: [x, w],
      f: (a, b) => f(a!, b!),
      value: () => bilinearValue(terms, x, w, size),
      gradients: (dy) => bilinearGradients(terms, x, w, dy),
    },
    session,
  );

const convolution = defineCase<TrainingSession>('conv2d and both gradients', async (session) => {
  for (const [geometry, out] of geometries) {
    const { image, window, strides, pad } = geometry;
    const inputs = [normal('image', image), normal('filter', [...window, image[3], out])] as const;
    await bilinear(
      session,
      `conv2d ${nameOf(geometry)} to ${out} channels`,
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [...strides], pad),
      inputs,
      convolutionTerms(geometry, out),
      sizeOf(outputOf(geometry)) * out,
    );
  }
});

const transposed = defineCase<TrainingSession>('conv2dTranspose and both gradients', async (session) => {
  const upsampling = [windows([1, 4, 4, 1], [2, 2], [2, 2], 'same'), 6] as const;
  for (const [geometry, out] of [...geometries, upsampling].filter(([{ pad }]) => typeof pad === 'string')) {
    const { image, window, strides, pad } = geometry;
    // The adjoint of a convolution: its input has the shape of the convolution's output.
    const terms: Terms = (visit) => convolutionTerms(geometry, out)((y, x, w) => visit(x, y, w));
    const inputs = [
      normal('small image', [...outputOf(geometry), out]),
      normal('filter', [...window, image[3], out]),
    ] as const;
    await bilinear(
      session,
      `conv2dTranspose to ${nameOf(geometry)}`,
      (x, w) =>
        tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [...image], [...strides], pad as 'same'),
      inputs,
      terms,
      sizeOf(image),
    );
  }
});

const depthwise = defineCase<TrainingSession>('depthwiseConv2d and both gradients', async (session) => {
  for (const [geometry, out] of geometries) {
    const { image, window, strides, pad } = geometry;
    const multiplier = out % 3 === 0 ? 2 : 1;
    const inputs = [normal('image', image), normal('filter', [...window, image[3], multiplier])] as const;
    await bilinear(
      session,
      `depthwiseConv2d ${nameOf(geometry)} multiplier ${multiplier}`,
      (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, [...strides], pad),
      inputs,
      depthwiseTerms(geometry, multiplier),
      sizeOf(outputOf(geometry)) * image[3] * multiplier,
    );
  }
});

/** Ordinary images, images whose windows are all negative, and images of two values, full of ties. */
const images = (shape: readonly number[]): readonly (readonly [string, Values])[] => [
  ['normal', normal('pool', shape)],
  ['all negative', { shape, values: normal('pool', shape).values.map((v) => -1 - Math.abs(v)) }],
  ['ties', { shape, values: normal('pool', shape).values.map((v) => (v < 0.5 ? -1 : 1)) }],
];

const poolGeometries = geometries.map(([geometry]) => geometry).filter(({ pad }) => typeof pad === 'string');

const maxPool = defineCase<TrainingSession>(
  'maxPool and its gradient, all-negative windows too',
  async (session) => {
    for (const geometry of poolGeometries)
      for (const [kind, x] of images(geometry.image)) {
        const { window, strides, pad } = geometry;
        const sources = maxPoolSources(geometry, x.values);
        await checkOp(
          {
            label: `maxPool ${nameOf(geometry)}, ${kind}`,
            inputs: [x],
            f: (t) => tf.maxPool(t as tf.Tensor4D, [...window], [...strides], pad),
            value: () => sources.map((from) => x.values[from]!),
            gradients: (dy) => {
              const dx = new Float64Array(x.values.length);
              sources.forEach((from, i) => (dx[from]! += dy[i]!));
              return [dx];
            },
          },
          session,
        );
      }
  },
);

const avgPool = defineCase<TrainingSession>('avgPool and its gradient', async (session) => {
  for (const geometry of poolGeometries) {
    const { image, window, strides, pad } = geometry;
    const c = image[3];
    const x = normal('average', image);
    const counts = poolCounts(geometry);
    const spread = (visit: (y: number, x: number, share: number) => void): void =>
      slide(geometry, (y, _k, pixel) => {
        for (let i = 0; i < c; i++) visit(y * c + i, pixel * c + i, 1 / counts[y]!);
      });
    await checkOp(
      {
        label: `avgPool ${nameOf(geometry)}`,
        inputs: [x],
        f: (t) => tf.avgPool(t as tf.Tensor4D, [...window], [...strides], pad),
        value: () => {
          const value = new Float64Array(sizeOf(outputOf(geometry)) * c);
          spread((y, from, share) => (value[y]! += share * x.values[from]!));
          return value;
        },
        gradients: (dy) => {
          const dx = new Float64Array(x.values.length);
          spread((y, to, share) => (dx[to]! += share * dy[y]!));
          return [dx];
        },
      },
      session,
    );
  }
});

/** Cases of ops that slide a window over an image. */
export const windowCases: readonly ConformanceCase<TrainingSession>[] = [
  convolution,
  transposed,
  depthwise,
  maxPool,
  avgPool,
];
