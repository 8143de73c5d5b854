// The cpu adapter: starts tfjs's cpu backend, replaces the wrong gradients, puts the stock kernels back.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { afterEach, describe, expect, it } from 'vitest';
import { cpu } from '../src/index.js';

const adapter = cpu();
afterEach(() => adapter.dispose());

/** The gradient of a linear function of x is the function's value at each unit vector. */
function expectLinearGradient(
  f: (x: tf.Tensor4D) => tf.Tensor,
  shape: [number, number, number, number],
): void {
  const size = shape.reduce((a, b) => a * b, 1);
  tf.tidy(() => {
    const x = tf.zeros<tf.Rank.R4>(shape);
    const y = f(x);
    const weights = tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape);
    const gradient = tf
      .grad((t) => f(t as tf.Tensor4D))(x, weights)
      .dataSync();
    for (let i = 0; i < size; i++) {
      const unit = tf.tensor4d(
        Float32Array.from({ length: size }, (_, j) => Number(i === j)),
        shape,
      );
      expect(gradient[i]).toBeCloseTo(tf.sum(tf.mul(f(unit), weights)).dataSync()[0]!, 5);
    }
  });
}

describe('cpu()', () => {
  it('probes and starts, twice, and stays the active backend', async () => {
    expect(await adapter.probe()).toEqual({ available: true, reason: '', features: {} });
    await adapter.start();
    await adapter.start();
    expect(tf.getBackend()).toBe('cpu');
    expect(adapter.report()).toEqual({
      AvgPoolGrad: 0,
      ResizeBilinearGrad: 0,
      ResizeNearestNeighborGrad: 0,
    });
  });

  it.each([
    [3, 2, 'same'],
    [2, 1, 'same'],
    [2, 3, 'valid'],
    [3, 2, 1],
  ] as const)('average pooling: window %i, stride %i, %s', async (size, stride, pad) => {
    await adapter.start();
    expectLinearGradient((x) => tf.avgPool(x, size, stride, pad), [2, 5, 4, 2]);
    expect(adapter.report()['AvgPoolGrad']).toBe(1);
  });

  it.each([
    [[4, 6], false, false],
    [[5, 5], true, false],
    [[2, 3], false, true],
    [[1, 1], true, false],
  ] as const)('nearest-neighbour resizing to %j, corners %s, centers %s', async (size, corners, centers) => {
    await adapter.start();
    expectLinearGradient((x) => tf.image.resizeNearestNeighbor(x, [...size], corners, centers), [3, 2, 3, 2]);
  });

  it.each([true, false])('bilinear resizing, corners %s', async (corners) => {
    await adapter.start();
    expectLinearGradient((x) => tf.image.resizeBilinear(x, [5, 4], corners), [2, 2, 3, 2]);
  });

  it('dispose puts the stock kernels back and keeps the counts', async () => {
    await adapter.dispose();
    const stock = tf.getKernel('AvgPoolGrad', 'cpu');
    await adapter.start();
    expect(tf.getKernel('AvgPoolGrad', 'cpu')).not.toBe(stock);
    expectLinearGradient((x) => tf.avgPool(x, 2, 2, 'valid'), [1, 2, 2, 1]);
    await adapter.dispose();
    await adapter.dispose();
    expect(tf.getKernel('AvgPoolGrad', 'cpu')).toBe(stock);
    expect(adapter.report()['AvgPoolGrad']).toBe(1);
  });

  it('a second adapter takes over; disposing of the first then changes nothing', async () => {
    const other = cpu();
    await adapter.start();
    await other.start();
    const theirs = tf.getKernel('AvgPoolGrad', 'cpu');
    await adapter.dispose();
    expect(tf.getKernel('AvgPoolGrad', 'cpu')).toBe(theirs);
    await other.dispose();
    expect(tf.getKernel('AvgPoolGrad', 'cpu')).not.toBe(theirs);
  });
});
