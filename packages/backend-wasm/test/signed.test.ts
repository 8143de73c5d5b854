// Gradients with a +-1 operand (table look-up kernels) agree with cpu for any geometry, and run where they should.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { expectSame, input, type Input } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

const signs = (seed: number, shape: number[]): Input => {
  const { values } = input(seed, shape);
  return { shape, values: values.map((v) => (v >= 0 ? 1 : -1)) };
};
const runs = (name: string): number => adapter.report()[name] ?? 0;
const between = (min: number, max: number) => fc.integer({ min, max });

const geometry = fc
  .record({
    image: fc.tuple(between(1, 4), between(4, 11), between(4, 11), fc.constantFrom(8, 13, 16, 33)),
    kernel: fc.tuple(between(1, 4), between(1, 4)),
    out: fc.constantFrom(12, 16, 31, 33),
    stride: fc.constantFrom(1, 1, 2, 3),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .filter(({ image, kernel, pad }) => pad === 'same' || (image[1] >= kernel[0] && image[2] >= kernel[1]));

describe('convolution of +-1 tensors', () => {
  it('any geometry', async () => {
    const before = [runs('Conv2DBackpropFilter/signs'), runs('Conv2DBackpropInput/signs')];
    await fc.assert(
      fc.asyncProperty(geometry, async ({ image, kernel, out, stride, pad }) => {
        await expectSame(
          (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
          [signs(1, image), signs(2, [...kernel, image[3], out])],
          3e-6,
        );
      }),
      { numRuns: 40, seed: 21 },
    );
    expect(runs('Conv2DBackpropFilter/signs')).toBeGreaterThan(before[0]! + 5);
    expect(runs('Conv2DBackpropInput/signs')).toBeGreaterThan(before[1]! + 3);
  });

  it('padding by a number, larger than the kernel reaches', async () => {
    for (const pad of [1, 2, 3])
      await expectSame(
        (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, pad),
        [signs(1, [2, 6, 6, 16]), signs(2, [3, 3, 16, 20])],
        3e-6,
      );
  });

  it('sums over many pixels stay accurate', async () => {
    await expectSame(
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
      [signs(1, [9, 16, 16, 8]), signs(2, [3, 3, 8, 12])],
      3e-6,
    );
  });

  it('one number that is not +-1 sends it to the general kernels', async () => {
    for (const at of [0, 500, 2 * 6 * 6 * 16 - 1]) {
      const [x, w] = [signs(1, [2, 6, 6, 16]), signs(2, [3, 3, 16, 20])];
      x.values[at] = 0.999;
      w.values[at] = -2;
      const before = [runs('Conv2DBackpropFilter/signs'), runs('Conv2DBackpropInput/signs')];
      await expectSame((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'), [x, w]);
      expect([runs('Conv2DBackpropFilter/signs'), runs('Conv2DBackpropInput/signs')]).toEqual(before);
    }
  });

  it('only one operand is +-1', async () => {
    const before = [runs('Conv2DBackpropFilter/signs'), runs('Conv2DBackpropInput/signs')];
    const f = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same');
    await expectSame(f, [signs(1, [2, 6, 6, 16]), input(2, [3, 3, 16, 20])]);
    await expectSame(f, [input(1, [2, 6, 6, 16]), signs(2, [3, 3, 16, 20])]);
    expect(runs('Conv2DBackpropFilter/signs')).toBe(before[0]! + 1);
    expect(runs('Conv2DBackpropInput/signs')).toBe(before[1]! + 1);
  });
});

describe('matrix products of +-1 matrices', () => {
  it('any size', async () => {
    const before = runs('BatchMatMul/signs');
    for (const [m, k, n] of [
      [64, 32, 16],
      [100, 65, 33],
      [129, 200, 50],
      [70, 40, 12],
      // So many rows, an odd number, that tables are of eight pixels (on one or two threads), and more pixels than are summed up at a time.
      [2100, 1031, 45],
    ] as const)
      await expectSame((a, b) => tf.matMul(a, b), [signs(1, [m, k]), signs(2, [k, n])], 3e-6);
    expect(runs('BatchMatMul/signs')).toBe(before + 10);
  });
});
