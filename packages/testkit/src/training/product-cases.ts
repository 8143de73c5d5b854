// Matrix products, exact products of +-1, and the plumbing ops whose gradients nets need.
import * as tf from '@tensorflow/tfjs-core';
import { binaryConv2d, binaryMatMul } from '@bitgrad/core';
import { defineCase, type ConformanceCase } from '../case.js';
import { expectClose } from '../compare.js';
import {
  bilinearGradients,
  bilinearValue,
  convolutionTerms,
  outputOf,
  productTerms,
  type Windows,
} from './reference.js';
import { checkOp, normal, run, signs, sizeOf, type TrainingSession, type Values } from './session.js';

const matMul = defineCase<TrainingSession>(
  'matMul, transposed or not, and both gradients',
  async (session) => {
    const sizes = [
      [3, 5, 4],
      [1, 1, 1],
      [7, 33, 2],
      [16, 8, 17],
    ] as const;
    for (const [m, k, n] of sizes)
      for (const batch of [undefined, 2])
        for (const [ta, tb] of [
          [false, false],
          [false, true],
          [true, false],
          [true, true],
        ] as const) {
          const lead = batch === undefined ? [] : [batch];
          const a = normal('a', [...lead, ...(ta ? [k, m] : [m, k])]);
          const b = normal('b', [...lead, ...(tb ? [n, k] : [k, n])]);
          const terms = productTerms(m, k, n, ta, tb, batch);
          await checkOp(
            {
              label: `matMul [${a.shape}]${ta ? "'" : ''} [${b.shape}]${tb ? "'" : ''}`,
              inputs: [a, b],
              f: (x, y) => tf.matMul(x!, y!, ta, tb),
              value: () => bilinearValue(terms, a, b, (batch ?? 1) * m * n),
              gradients: (dy) => bilinearGradients(terms, a, b, dy),
            },
            session,
          );
        }
  },
);

/** Geometries around the word sizes of packed kernels. */
const packed: readonly (readonly [geometry: Windows, out: number])[] = [1, 31, 32, 33, 64, 127].map(
  (c, i) => [
    { image: [2, 5, 4, c], window: [3, 3], strides: [1 + (i % 2), 1], pad: i % 3 === 0 ? 'valid' : 'same' },
    [1, 2, 5, 8, 3, 4][i]!,
  ],
);

const exactConv = defineCase<TrainingSession>(
  'binaryConv2d is exact, with the gradients of conv2d',
  async (session) => {
    for (const [geometry, out] of packed) {
      const { image, window, strides, pad } = geometry;
      const [x, w] = [signs('bits', image), signs('bit filter', [...window, image[3], out])];
      const terms = convolutionTerms(geometry, out);
      const options = { strides, padding: pad as 'same' | 'valid' };
      const f = (a: tf.Tensor, b: tf.Tensor) => binaryConv2d(a as tf.Tensor4D, b as tf.Tensor4D, options);
      const value = bilinearValue(terms, x, w, sizeOf(outputOf(geometry)) * out);
      const [got] = await run((a, b) => f(a!, b!), [x, w]);
      expectClose(`binaryConv2d [${image}] stride ${strides} ${pad}`, got!, value, 0);
      await checkOp(
        {
          label: `binaryConv2d [${image}] stride ${strides} ${pad}`,
          inputs: [x, w],
          f: (a, b) => f(a!, b!),
          value: () => value,
          gradients: (dy) => bilinearGradients(terms, x, w, dy),
        },
        session,
      );
    }
  },
);

const exactProduct = defineCase<TrainingSession>(
  'binaryMatMul is exact, with the gradients of matMul',
  async (session) => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 31, 5],
      [2, 32, 4],
      [5, 33, 1],
      [4, 200, 7],
    ] as const) {
      const [a, b] = [signs('left', [m, k]), signs('right', [k, n])];
      const terms = productTerms(m, k, n, false, false);
      const f = (x: tf.Tensor, y: tf.Tensor) => binaryMatMul(x as tf.Tensor2D, y as tf.Tensor2D);
      const value = bilinearValue(terms, a, b, m * n);
      const [got] = await run((x, y) => f(x!, y!), [a, b]);
      expectClose(`binaryMatMul [${a.shape}] [${b.shape}]`, got!, value, 0);
      await checkOp(
        {
          label: `binaryMatMul [${a.shape}] [${b.shape}]`,
          inputs: [a, b],
          f: (x, y) => f(x!, y!),
          value: () => value,
          gradients: (dy) => bilinearGradients(terms, a, b, dy),
        },
        session,
      );
    }
  },
);

/** An op that only moves numbers: output i is input `from[i]`, or 0 for -1. */
const movement = async (
  session: TrainingSession,
  label: string,
  x: Values,
  f: (x: tf.Tensor) => tf.Tensor,
  from: readonly number[],
): Promise<void> =>
  checkOp(
    {
      label,
      inputs: [x],
      f: (t) => f(t!),
      value: () => from.map((i) => (i < 0 ? 0 : x.values[i]!)),
      gradients: (dy) => {
        const dx = new Float64Array(x.values.length);
        from.forEach((i, at) => i >= 0 && (dx[i]! += dy[at]!));
        return [dx];
      },
    },
    session,
  );

const gather = defineCase<TrainingSession>(
  'gather adds up the gradients of repeated rows',
  async (session) => {
    const rows = [2, 0, 2, 4, 2];
    const x = normal('table', [5, 3]);
    const from = rows.flatMap((row) => [0, 1, 2].map((j) => row * 3 + j));
    await movement(session, 'gather', x, (t) => tf.gather(t, tf.tensor1d(rows, 'int32')), from);
  },
);

const upsampling = defineCase<TrainingSession>(
  'nearest upsampling and its gradient, for batches',
  async (session) => {
    const [n, h, w, c, times] = [3, 2, 3, 2, 2];
    const x = normal('upsampled', [n, h, w, c]);
    const from: number[] = [];
    for (let b = 0; b < n; b++)
      for (let i = 0; i < h * times; i++)
        for (let j = 0; j < w * times; j++)
          for (let k = 0; k < c; k++)
            from.push(((b * h + Math.floor(i / times)) * w + Math.floor(j / times)) * c + k);
    const size: [number, number] = [h * times, w * times];
    await movement(
      session,
      'resizeNearestNeighbor',
      x,
      (t) => tf.image.resizeNearestNeighbor(t as tf.Tensor4D, size),
      from,
    );
  },
);

const moving = defineCase<TrainingSession>(
  'transpose, pad, slice, concat and reverse with their gradients',
  async (session) => {
    const x = normal('moved', [2, 3]);
    await movement(session, 'transpose', x, (t) => tf.transpose(t), [0, 3, 1, 4, 2, 5]);
    await movement(
      session,
      'pad',
      x,
      (t) =>
        tf.pad(t, [
          [0, 1],
          [1, 0],
        ]),
      [-1, 0, 1, 2, -1, 3, 4, 5, -1, -1, -1, -1],
    );
    await movement(session, 'slice', x, (t) => tf.slice(t, [0, 1], [2, 2]), [1, 2, 4, 5]);
    await movement(
      session,
      'concat',
      x,
      (t) => tf.concat([t, tf.slice(t, [0, 2], [2, 1])], 1),
      [0, 1, 2, 2, 3, 4, 5, 5],
    );
    await movement(session, 'reverse', x, (t) => tf.reverse(t, 1), [2, 1, 0, 5, 4, 3]);
  },
);

/** Cases of products and of ops that move numbers. */
export const productCases: readonly ConformanceCase<TrainingSession>[] = [
  matMul,
  exactConv,
  exactProduct,
  gather,
  upsampling,
  moving,
];
