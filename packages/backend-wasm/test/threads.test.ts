// Threads: the same bits for any number of them, the report says so, nothing grows, bad options are refused.
import { runKernel } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ranges } from '../src/training/calls.js';
import { wasm } from '../src/index.js';
import { gradients, input, runOn, type Compute, type Input } from './support.js';

const signs = (seed: number, shape: number[]): Input => {
  const { values } = input(seed, shape);
  return { shape, values: values.map((v) => (v >= 0 ? 1 : -1)) };
};
const conv = (stride: number): Compute =>
  gradients((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, 'same'));
const binaryConv: Compute = (x, filter) =>
  runKernel(
    'BitgradBinaryConv2D',
    { x: x!, filter: filter! },
    { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], padValue: 0 },
  );

/** Each is large enough for threads. */
const cases: [name: string, compute: Compute, inputs: Input[]][] = [
  ['convolution', conv(1), [input(1, [5, 17, 15, 24]), input(2, [3, 3, 24, 40])]],
  ['convolution, stride 2', conv(2), [input(1, [8, 25, 25, 24]), input(2, [3, 3, 24, 40])]],
  ['convolution of +-1', conv(1), [signs(1, [5, 17, 15, 24]), signs(2, [3, 3, 24, 40])]],
  ['convolution of +-1, 128 channels', conv(1), [signs(1, [2, 9, 9, 64]), signs(2, [3, 3, 64, 128])]],
  ['products', gradients((a, b) => tf.matMul(a, b)), [input(1, [211, 300]), input(2, [300, 170])]],
  ['products of +-1', gradients((a, b) => tf.matMul(a, b)), [signs(1, [211, 300]), signs(2, [300, 170])]],
  ['packed convolution', binaryConv, [signs(1, [9, 15, 15, 70]), signs(2, [3, 3, 70, 70])]],
];

describe('threads', () => {
  it.each(cases)('%s: the same bits with 1 and 3', async (_, compute, inputs) => {
    const results: Float32Array[][] = [];
    for (const threads of [1, 3]) {
      const adapter = wasm({ threads });
      await adapter.start();
      results.push(await runOn('wasm', compute, inputs));
      const threaded = Object.keys(adapter.report()).filter((name) => name.endsWith('/threads'));
      expect(threaded.length > 0).toBe(threads > 1);
      await adapter.dispose();
    }
    results[1]!.forEach((values, i) =>
      expect(Buffer.from(values.buffer).equals(Buffer.from(results[0]![i]!.buffer))).toBe(true),
    );
  });

  it('memory stays flat', async () => {
    const adapter = wasm({ threads: 2 });
    await adapter.start();
    const [, compute, inputs] = cases[2]!;
    await runOn('wasm', compute, inputs);
    const { numTensors } = tf.memory();
    const heap = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm;
    const bytes = heap.HEAPU8.length;
    for (let i = 0; i < 20; i++) await runOn('wasm', compute, inputs);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(heap.HEAPU8.length).toBe(bytes);
    await adapter.dispose();
  });

  it('refuses numbers that make no sense', () => {
    for (const threads of [0, -1, 1.5, NaN, 65, '2' as never])
      expect(() => wasm({ threads })).toThrow(/threads.*an integer from 1 to 64/);
  });

  it('splits into ranges that cover everything once', () => {
    expect(ranges(10, 1, 3)).toEqual([
      [0, 3],
      [3, 6],
      [6, 10],
    ]);
    expect(ranges(70, 32, 2)).toEqual([
      [0, 32],
      [32, 70],
    ]);
    expect(ranges(5, 32, 4)).toEqual([[0, 5]]);
    expect(ranges(0, 1, 4)).toEqual([[0, 0]]);
  });
});
