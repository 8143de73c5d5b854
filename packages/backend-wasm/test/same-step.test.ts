// The same step on cpu and wasm agrees in loss and every gradient, for every op, stride and padding.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import type { TfjsWasmBackend } from '../src/training/heap.js';
import { expectSame, input, relativeError, runOn, type Compute } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

type Pad = 'same' | 'valid' | number;
interface Case {
  image: [number, number, number, number];
  kernel: [number, number];
  out: number;
  stride: [number, number];
  pad: Pad;
}
const conv: Case[] = [
  { image: [2, 7, 7, 3], kernel: [3, 3], out: 5, stride: [1, 1], pad: 'same' },
  { image: [2, 7, 6, 8], kernel: [3, 3], out: 16, stride: [1, 1], pad: 'valid' },
  { image: [1, 9, 9, 4], kernel: [3, 3], out: 8, stride: [2, 2], pad: 'same' },
  { image: [3, 8, 10, 5], kernel: [3, 2], out: 7, stride: [2, 3], pad: 'valid' },
  { image: [1, 1, 1, 1], kernel: [1, 1], out: 1, stride: [1, 1], pad: 'valid' },
  { image: [1, 1, 1, 3], kernel: [3, 3], out: 2, stride: [1, 1], pad: 'same' },
  { image: [2, 7, 7, 2], kernel: [1, 1], out: 9, stride: [3, 3], pad: 'valid' },
  { image: [2, 8, 8, 2], kernel: [2, 2], out: 3, stride: [5, 4], pad: 'same' },
  { image: [1, 6, 5, 2], kernel: [5, 5], out: 4, stride: [2, 2], pad: 2 },
  { image: [2, 5, 5, 33], kernel: [3, 3], out: 17, stride: [1, 1], pad: 'same' },
  { image: [1, 20, 130, 1], kernel: [3, 3], out: 3, stride: [1, 1], pad: 'same' },
  { image: [2, 6, 6, 3], kernel: [4, 4], out: 6, stride: [2, 2], pad: 'same' },
  { image: [1, 5, 5, 2], kernel: [2, 3], out: 2, stride: [1, 1], pad: 3 },
];
const name = (c: Case): string => `${c.image} k${c.kernel} -> ${c.out} s${c.stride} ${c.pad}`;

describe('convolution', () => {
  it.each(conv.map((c) => [name(c), c] as const))('%s', async (_, { image, kernel, out, stride, pad }) => {
    const filter = [...kernel, image[3], out];
    await expectSame(
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
      [input(1, image), input(2, filter)],
    );
  });

  it('any geometry', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, fc.integer({ min: 1, max: 20 }), async (g, out) => {
        await expectSame(
          (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, g.stride, g.pad),
          [input(3, g.image), input(4, [...g.kernel, g.image[3], out])],
        );
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('fused with bias and activation', async () => {
    const inputs = [input(1, [2, 7, 6, 3]), input(2, [3, 3, 3, 10]), input(3, [10])];
    const prelu = input(4, [10]);
    for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'prelu', 'leakyrelu'] as const)
      for (const strides of [1, 5]) {
        const fused: Compute = (x, filter, bias) =>
          tf.fused.conv2d({
            ...{ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, strides, pad: 'same', bias, activation },
            ...(activation === 'prelu'
              ? { preluActivationWeights: tf.tensor(prelu.values, [1, 1, 10]) }
              : {}),
            ...(activation === 'leakyrelu' ? { leakyreluAlpha: 0.3 } : {}),
          });
        const [expected, actual] = [await runOn('cpu', fused, inputs), await runOn('wasm', fused, inputs)];
        expect(relativeError(actual[0]!, expected[0]!), activation).toBeLessThan(1e-5);
      }
  });

  it('transposed convolution', async () => {
    for (const stride of [1, 2, 3])
      await expectSame(
        (x, w) =>
          tf.conv2dTranspose(
            x as tf.Tensor4D,
            w as tf.Tensor4D,
            [2, 4 * stride, 4 * stride, 3],
            stride,
            'same',
          ),
        [input(5, [2, 4, 4, 5]), input(6, [3, 3, 3, 5])],
      );
  });
});

const geometry = fc
  .record({
    image: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 19 }),
    ),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    pad: fc.constantFrom<Pad>('same', 'valid', 1, 2),
  })
  .filter(({ image, kernel, stride, pad }) => {
    if (pad === 'same') return true;
    const border = typeof pad === 'number' ? 2 * pad : 0;
    // With a number as padding, tfjs works out the output's width from the kernel's height and vertical stride.
    if (typeof pad === 'number' && (kernel[0] !== kernel[1] || stride[0] !== stride[1])) return false;
    return image[1] + border >= kernel[0] && image[2] + border >= kernel[1];
  });

describe('depthwise convolution', () => {
  it.each([1, 2, 3])('any geometry, multiplier %i', async (multiplier) => {
    await fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        // tfjs wants equal strides where it runs the depthwise convolution on wasm.
        const stride: [number, number] = [g.stride[0], g.stride[0]];
        await expectSame(
          (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, g.pad),
          [input(3, g.image), input(4, [...g.kernel, g.image[3], multiplier])],
        );
      }),
      { numRuns: 25, seed: 8 },
    );
  });
  it('separable', async () => {
    await expectSame(
      (x, d, p) => tf.separableConv2d(x as tf.Tensor4D, d as tf.Tensor4D, p as tf.Tensor4D, 2, 'same'),
      [input(1, [2, 7, 7, 5]), input(2, [3, 3, 5, 2]), input(3, [1, 1, 10, 7])],
    );
  });
});

describe('pooling', () => {
  it.each([0, -5])('max, any geometry, values around %i', async (mean) => {
    await fc.assert(
      fc.asyncProperty(geometry, async ({ image, kernel, stride, pad }) => {
        if (typeof pad === 'number' && (pad >= kernel[0] || pad >= kernel[1])) return;
        await expectSame((x) => tf.maxPool(x as tf.Tensor4D, kernel, stride, pad), [input(9, image, mean)]);
      }),
      { numRuns: 40, seed: 9 },
    );
  });

  it('max: a tie goes to the first maximum, zeros included', async () => {
    const values = new Float32Array(2 * 4 * 4 * 5);
    await expectSame((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'same'), [{ shape: [2, 4, 4, 5], values }]);
  });

  it('average without a border agrees with cpu', async () => {
    for (const [size, stride] of [
      [2, 2],
      [3, 1],
      [2, 3],
      [3, 2],
    ] as const)
      await expectSame((x) => tf.avgPool(x as tf.Tensor4D, size, stride, 'valid'), [input(1, [2, 9, 8, 5])]);
  });

  it('average at a border: the gradient is that of the forward pass', async () => {
    await tf.setBackend('wasm');
    const x = tf.tensor4d(Array.from(input(1, [1, 5, 4, 2]).values), [1, 5, 4, 2]);
    const weights = tf.tensor4d(Array.from(input(2, [1, 3, 2, 2]).values), [1, 3, 2, 2]);
    const f = (t: tf.Tensor): tf.Scalar =>
      tf.sum(tf.mul(tf.avgPool(t as tf.Tensor4D, 3, 2, 'same'), weights));
    const gradient = tf.grad(f)(x).dataSync();
    // f is linear: the difference quotient at a unit step is its gradient.
    for (let i = 0; i < x.size; i++) {
      const unit = tf.tensor4d(
        Array.from({ length: x.size }, (_, j) => Number(i === j)),
        [1, 5, 4, 2],
      );
      expect(gradient[i]).toBeCloseTo(f(unit).dataSync()[0]!, 5);
    }
  });
});

describe('matrix products', () => {
  const flags = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
  it.each(flags)('transposeA %s, transposeB %s', async (ta, tb) => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [5, 7, 3],
      [64, 10, 33],
      [3, 200, 8],
      [17, 5, 12],
    ] as const)
      await expectSame(
        (a, b) => tf.matMul(a, b, ta, tb),
        [input(1, ta ? [k, m] : [m, k]), input(2, tb ? [n, k] : [k, n])],
      );
  });
  it('batches broadcast', async () => {
    // tfjs has no gradient for broadcast batches, and on cpu the batch [2, 1] x [1, 3] has 3 products instead of 6.
    for (const [a, b] of [
      [
        [2, 1],
        [1, 3],
      ],
      [[3], []],
      [[1], [4]],
      [
        [2, 3],
        [2, 3],
      ],
    ] as const)
      for (const [ta, tb] of [
        [true, false],
        [false, true],
      ] as const) {
        const inputs = [
          input(1, [...a, ...(ta ? [5, 4] : [4, 5])]),
          input(2, [...b, ...(tb ? [6, 5] : [5, 6])]),
        ];
        const batch = tf.backend_util.assertAndGetBroadcastShape([...a], [...b]);
        const wideA = [...batch, ...inputs[0]!.shape.slice(-2)] as never;
        const wideB = [...batch, ...inputs[1]!.shape.slice(-2)] as never;
        const [expected, actual] = [
          await runOn(
            'cpu',
            (x, y) => tf.matMul(tf.broadcastTo(x!, wideA), tf.broadcastTo(y!, wideB), ta, tb),
            inputs,
          ),
          await runOn('wasm', (x, y) => tf.matMul(x!, y!, ta, tb), inputs),
        ];
        expect(relativeError(actual[0]!, expected[0]!)).toBeLessThan(1e-5);
      }
  });
});

describe('clones and casts', () => {
  it('share the memory of their tensor, which outlives it', async () => {
    await tf.setBackend('wasm');
    const address = (t: tf.Tensor): number =>
      (tf.backend() as unknown as TfjsWasmBackend).dataIdMap.get(t.dataId)!.memoryOffset;
    const bytes = tf.memory().numBytes;
    const x = tf.tensor([1.5, -2, 3]);
    for (const copy of [tf.clone, (t: tf.Tensor) => tf.cast(t, 'float32')]) {
      const own = tf.mul(x, 1);
      const shared = copy(own);
      expect(address(shared)).toBe(address(own));
      own.dispose();
      expect(Array.from(shared.dataSync())).toEqual([1.5, -2, 3]);
      shared.dispose();
    }
    const whole = tf.cast(x, 'int32');
    expect(Array.from(whole.dataSync())).toEqual([1, -2, 3]);
    tf.dispose([x, whole]);
    expect(tf.memory().numBytes).toBe(bytes);
  });
});

describe('kernels that stock wasm lacks', () => {
  it('gather (UnsortedSegmentSum)', async () => {
    await expectSame((x) => tf.gather(x, tf.tensor1d([3, 0, 3, 1, 1], 'int32')), [input(1, [4, 3, 2])]);
    await expectSame((x) => tf.gather(x, tf.tensor1d([1, 1, 0], 'int32')), [input(1, [2])]);
  });
  it('unsortedSegmentSum drops ids outside', async () => {
    await tf.setBackend('wasm');
    const sum = tf.unsortedSegmentSum(
      tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tf.tensor1d([1, -1, 2], 'int32'),
      2,
    );
    expect(Array.from(sum.dataSync())).toEqual([0, 0, 1, 2]);
  });
  it('einsum', async () => {
    const a = input(1, [2, 3, 4]);
    const b = input(2, [2, 4, 5]);
    const on = async (backend: string): Promise<number[]> => {
      await tf.setBackend(backend);
      const [x, y] = [a, b].map(({ shape, values }) => tf.tensor(values, shape));
      return ['bij,bjk->bik', 'bij,bjk->ki', 'bij,bjk->'].flatMap((e) =>
        Array.from(tf.einsum(e, x!, y!).dataSync()),
      );
    };
    const [expected, actual] = [await on('cpu'), await on('wasm')];
    actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 4));
  });
});
