// Packed XNOR products against the float products: bit for bit, for any geometry.
import { runKernel } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { randoms, size } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

const signs = (seed: number, shape: number[]): tf.Tensor =>
  tf.tensor(
    randoms(seed, size(shape)).map((v) => (v >= 0 ? 1 : -1)),
    shape,
  );

const small = (max: number) => fc.integer({ min: 1, max });
const geometry = fc
  .record({
    image: fc.tuple(
      small(3),
      small(9),
      small(9),
      fc.constantFrom(1, 3, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 127),
    ),
    kernel: fc.tuple(small(4), small(4)),
    out: fc.constantFrom(1, 3, 4, 7, 8, 9, 16, 33),
    strides: fc.tuple(small(3), small(3)),
    dilations: fc.tuple(small(2), small(2)),
    pads: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 3 }))),
    padValue: fc.constantFrom(0, 1),
  })
  // tfjs allows strides or dilations, not both.
  .filter(({ strides, dilations }) => Math.max(...strides) === 1 || Math.max(...dilations) === 1)
  .filter(({ image, kernel, dilations, pads }) =>
    [0, 1].every((i) => image[i + 1]! + pads[2 * i]! + pads[2 * i + 1]! > (kernel[i]! - 1) * dilations[i]!),
  );

describe('BitgradBinaryConv2D', () => {
  it('equals the float convolution, any geometry', () => {
    fc.assert(
      fc.property(geometry, (g) => {
        tf.tidy(() => {
          const x = signs(1, g.image) as tf.Tensor4D;
          const filter = signs(2, [...g.kernel, g.image[3], g.out]) as tf.Tensor4D;
          const { strides, pads, dilations, padValue } = g;
          const [actual] = runKernel(
            'BitgradBinaryConv2D',
            { x, filter },
            { strides, pads, dilations, padValue },
          );
          const [top, bottom, left, right] = pads as [number, number, number, number];
          const padded = tf.pad(
            x,
            [
              [0, 0],
              [top, bottom],
              [left, right],
              [0, 0],
            ],
            padValue,
          ) as tf.Tensor4D;
          const expected = tf.conv2d(padded, filter, strides, 'valid', 'NHWC', dilations);
          expect(actual!.shape).toEqual(expected.shape);
          expect(actual!.dataSync()).toEqual(expected.dataSync());
        });
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('counts past 31 words: 1100 channels, 3 x 3', () => {
    tf.tidy(() => {
      const x = signs(3, [1, 3, 3, 1100]) as tf.Tensor4D;
      const filter = signs(4, [3, 3, 1100, 5]) as tf.Tensor4D;
      const attrs = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], padValue: 0 };
      const [actual] = runKernel('BitgradBinaryConv2D', { x, filter }, attrs);
      expect(actual!.dataSync()).toEqual(tf.conv2d(x, filter, 1, 'same').dataSync());
      const ones = tf.fill([1, 1, 1, 9000], -1);
      const [all] = runKernel(
        'BitgradBinaryConv2D',
        { x: ones, filter: tf.ones([1, 1, 9000, 1]) },
        { ...attrs, pads: [0, 0, 0, 0] },
      );
      expect(all!.dataSync()[0]).toBe(-9000);
    });
  });
});

describe('BitgradBinaryMatMul', () => {
  it('equals the float product, any size', () => {
    fc.assert(
      fc.property(
        small(70),
        fc.constantFrom(1, 8, 16, 31, 32, 33, 100, 992, 993, 2000),
        small(40),
        (m, k, n) => {
          tf.tidy(() => {
            const [a, b] = [signs(m, [m, k]) as tf.Tensor2D, signs(n, [k, n]) as tf.Tensor2D];
            const [actual] = runKernel('BitgradBinaryMatMul', { a, b });
            expect(actual!.dataSync()).toEqual(tf.matMul(a, b).dataSync());
          });
        },
      ),
      { numRuns: 60, seed: 12 },
    );
  });
});
