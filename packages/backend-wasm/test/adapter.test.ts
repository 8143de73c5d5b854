// The adapter's life: probe, start, report, dispose; kernels of tfjs come back; nothing leaks over a training run.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { input } from './support.js';

const adapter = wasm();
afterEach(() => adapter.dispose());

const model = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [8, 8, 2],
        filters: 5,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
      }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
      tfl.layers.batchNormalization(),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
    ],
  });

describe('wasm()', () => {
  it('probes', async () => {
    expect(await adapter.probe()).toMatchObject({ available: true, reason: '', features: { simd: true } });
  });

  it('starting twice is allowed', async () => {
    await adapter.start();
    const kernel = tf.getKernel('Conv2DBackpropFilter', 'wasm');
    await adapter.start();
    expect(tf.getBackend()).toBe('wasm');
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBe(kernel);
  });

  it('dispose takes every kernel back, and the report stays', async () => {
    await adapter.start();
    await adapter.dispose();
    const before = new Map(tf.getKernelsForBackend('wasm').map((k) => [k.kernelName, k]));
    expect(before.has('Conv2DBackpropFilter')).toBe(false);
    await adapter.start();
    const a = tf.ones([2, 3]);
    tf.dispose([tf.matMul(a, a, false, true), a]);
    const names = Object.keys(adapter.report());
    expect(names).toContain('MaxPoolGrad');
    for (const name of names) expect(tf.getKernel(name, 'wasm')).not.toBe(before.get(name));
    await adapter.dispose();
    await adapter.dispose();
    expect(new Map(tf.getKernelsForBackend('wasm').map((k) => [k.kernelName, k]))).toEqual(before);
    expect(adapter.report()['BatchMatMul']).toBe(1);
  });

  it('another adapter takes over; disposing of the first then changes nothing', async () => {
    const other = wasm();
    await adapter.start();
    await other.start();
    const theirs = tf.getKernel('MaxPoolGrad', 'wasm');
    await adapter.dispose();
    expect(tf.getKernel('MaxPoolGrad', 'wasm')).toBe(theirs);
    await other.dispose();
    expect(tf.getKernel('MaxPoolGrad', 'wasm')).not.toBe(theirs);
  });

  it('without fused kernels only the corrections are registered', async () => {
    const plain = wasm({ fused: false, threads: 1 });
    await plain.start();
    const names = Object.keys(plain.report());
    expect(names).toContain('Conv2DBackpropFilter');
    expect(names.filter((name) => name.startsWith('Bitgrad'))).toEqual([]);
    expect(plain.capabilities.fusedKernels).toEqual([]);
    const [x, w] = [tf.ones([2, 8, 8, 16]), tf.ones([3, 3, 16, 16])] as [tf.Tensor4D, tf.Tensor4D];
    tf.dispose(tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'))([x, w]));
    expect(plain.report()['Conv2DBackpropFilter']).toBe(1);
    expect(plain.report()['Conv2DBackpropFilter/signs']).toBeUndefined();
    tf.dispose([x, w]);
    await plain.dispose();
  });

  it('tensors and heap stay flat over 200 steps', async () => {
    await adapter.start();
    const net = model();
    net.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
    const { shape, values } = input(1, [4, 8, 8, 2]);
    const x = tf.tensor(values, shape);
    const y = tf.zeros([4, 3]);
    const step = (): number =>
      tf.tidy(() => {
        const weights = net.trainableWeights.map((w) => w.read() as tf.Variable);
        const optimizer = net.optimizer as tf.Optimizer;
        const { value, grads } = tf.variableGrads(
          () => tf.losses.meanSquaredError(y, net.apply(x, { training: true }) as tf.Tensor),
          weights,
        );
        optimizer.applyGradients(grads);
        return value.dataSync()[0]!;
      });
    const first = step();
    step();
    const tensors = tf.memory().numTensors;
    const heap = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm;
    const bytes = heap.HEAPU8.length;
    let last = first;
    for (let i = 0; i < 200; i++) last = step();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(heap.HEAPU8.length).toBe(bytes);
    expect(last).toBeLessThan(first / 2);
    const report = adapter.report();
    for (const name of ['Conv2DBackpropFilter', 'MaxPoolGrad', 'DepthwiseConv2dNativeBackpropFilter'])
      expect(report[name], name).toBeGreaterThanOrEqual(202);
    tf.dispose([x, y]);
    net.dispose();
  });
});
