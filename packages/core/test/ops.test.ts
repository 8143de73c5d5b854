// Fused-op dispatch: composed in tfjs ops by default, one kernel where the backend registers it, same gradients.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  adamStep,
  binaryConv2d,
  binaryMatMul,
  createRng,
  E,
  elementwise,
  evaluateExpression,
  hasKernel,
  momentumStep,
  type ElementwiseProgram,
  type KernelName,
} from '../src/index.js';

const registered: KernelName[] = [];
const register = (
  kernelName: KernelName,
  kernelFunc: (args: { inputs: Record<string, tf.Tensor>; attrs: never }) => tf.TensorInfo,
) => {
  tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc: kernelFunc as never });
  registered.push(kernelName);
};
afterEach(() => registered.splice(0).forEach((name) => tf.unregisterKernel(name, 'cpu')));

const bits = (seed: number, shape: number[]): tf.Tensor => {
  const rng = createRng(seed);
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => (rng.next() < 0.5 ? -1 : 1)),
    shape,
  );
};

describe('elementwise', () => {
  const expression = E.add(E.mul(E.input('x'), E.input('s')), E.input('v'));

  it('hands the program, the tensors by position and the shape to a fused kernel', () => {
    const seen: { program: ElementwiseProgram; shape: number[]; names: string[] }[] = [];
    register('BitgradElementwise', ({ inputs, attrs }) => {
      const { program, shape } = attrs as { program: ElementwiseProgram; shape: number[] };
      seen.push({ program, shape, names: Object.keys(inputs) });
      return tf.fill(shape, 42);
    });
    const inputs = { v: tf.tensor1d([1, 2, 3]), s: tf.scalar(2), x: tf.ones([2, 3]) };
    expect([...elementwise(expression, inputs, [2, 3]).dataSync()]).toEqual(Array(6).fill(42));
    expect(seen).toMatchObject([
      { shape: [2, 3], names: ['i0', 'i1', 'i2'], program: { inputs: ['x', 's', 'v'] } },
    ]);
    // Channels in the middle do not fit the kernel's contract: composed.
    const middle = { x: tf.ones([2, 3]), s: tf.scalar(2), v: tf.ones([2, 1]) };
    expect([...elementwise(expression, middle, [2, 3]).dataSync()]).toEqual(Array(6).fill(3));
    const integers = { x: tf.ones([2, 3], 'int32'), s: tf.scalar(2), v: tf.scalar(0) };
    elementwise(expression, integers, [2, 3]);
    expect(seen).toHaveLength(1);
  });

  it('composes what evaluateExpression gives', () => {
    const x = tf.tensor1d([-2, 0.5, 3]);
    const got = elementwise(expression, { x, s: tf.scalar(3), v: tf.scalar(1) }, [3]).dataSync();
    [-2, 0.5, 3].forEach((v, i) => expect(got[i]).toBe(evaluateExpression(expression, { x: v, s: 3, v: 1 })));
  });
});

describe('binary products', () => {
  const cases = [
    { x: [2, 5, 4, 3], filter: [3, 3, 3, 2], strides: [1, 1], padding: 'same' },
    { x: [1, 6, 5, 2], filter: [2, 3, 2, 4], strides: [2, 1], padding: 'valid' },
    { x: [1, 5, 5, 1], filter: [3, 3, 1, 2], strides: [2, 2], padding: 'same' },
  ] as const;

  it.each(cases)(
    'binaryConv2d with a kernel: pads as tfjs, gradients of conv2d: %j',
    ({ x, filter, strides, padding }) => {
      const [a, w] = [bits(1, [...x]) as tf.Tensor4D, bits(2, [...filter]) as tf.Tensor4D];
      const f = (p: tf.Tensor, q: tf.Tensor) =>
        binaryConv2d(p as tf.Tensor4D, q as tf.Tensor4D, { strides, padding });
      const stock = f(a, w);
      const dy = tf.randomNormal(stock.shape, 0, 1, 'float32', 3);
      const wanted = tf.grads(f)([a, w], dy);
      let pads: number[] = [];
      register('BitgradBinaryConv2D', ({ inputs, attrs }) => {
        const given = attrs as { pads: [number, number, number, number]; padValue: number };
        pads = given.pads;
        expect(given.padValue).toBe(0);
        const [top, bottom, left, right] = given.pads;
        const padded = tf.pad(inputs['x'] as tf.Tensor4D, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ]);
        return tf.conv2d(padded, inputs['filter'] as tf.Tensor4D, [...strides], 'valid');
      });
      expect([...f(a, w).dataSync()]).toEqual([...stock.dataSync()]);
      if (padding === 'valid') expect(pads).toEqual([0, 0, 0, 0]);
      else expect(Math.max(...pads)).toBe(1);
      tf.grads(f)([a, w], dy).forEach((gradient, i) =>
        expect([...gradient.dataSync()]).toEqual([...wanted[i]!.dataSync()]),
      );
    },
  );

  it('binaryConv2d leaves dilated convolutions to tfjs', () => {
    register('BitgradBinaryConv2D', () => {
      throw new RangeError('not for dilations');
    });
    const [a, w] = [bits(1, [1, 5, 5, 2]) as tf.Tensor4D, bits(2, [3, 3, 2, 1]) as tf.Tensor4D];
    expect(binaryConv2d(a, w, { strides: [1, 1], padding: 'valid', dilations: [2, 2] }).shape).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('binaryMatMul with a kernel has the gradients of matMul', () => {
    const [a, b] = [bits(4, [3, 33]) as tf.Tensor2D, bits(5, [33, 2]) as tf.Tensor2D];
    const f = (p: tf.Tensor, q: tf.Tensor) => binaryMatMul(p as tf.Tensor2D, q as tf.Tensor2D);
    const wanted = tf.grads(f)([a, b]);
    const value = f(a, b).dataSync();
    register('BitgradBinaryMatMul', ({ inputs }) =>
      tf.matMul(inputs['a'] as tf.Tensor2D, inputs['b'] as tf.Tensor2D),
    );
    expect(hasKernel('BitgradBinaryMatMul')).toBe(true);
    expect([...f(a, b).dataSync()]).toEqual([...value]);
    tf.grads(f)([a, b]).forEach((gradient, i) =>
      expect([...gradient.dataSync()]).toEqual([...wanted[i]!.dataSync()]),
    );
  });
});

describe('optimizer steps', () => {
  it('adamStep equals the optimizer of tfjs over several steps', () => {
    const [learningRate, beta1, beta2, epsilon] = [0.05, 0.9, 0.999, 1e-7];
    const variable = tf.variable(tf.tensor1d([1, -2, 0.5]));
    const optimizer = tf.train.adam(learningRate, beta1, beta2, epsilon);
    let [value, m, v] = [
      tf.tensor1d([1, -2, 0.5]) as tf.Tensor,
      tf.zeros([3]) as tf.Tensor,
      tf.zeros([3]) as tf.Tensor,
    ];
    for (let t = 1; t <= 4; t++) {
      optimizer.minimize(() => tf.sum(tf.square(tf.sub(variable, 1))) as tf.Scalar);
      const gradient = tf.mul(tf.sub(value, 1), 2);
      const correction = { correction1: 1 - beta1 ** t, correction2: 1 - beta2 ** t };
      [value, m, v] = adamStep(value, gradient, m, v, { learningRate, beta1, beta2, epsilon, ...correction });
      const got = value.dataSync();
      variable.dataSync().forEach((w, i) => expect(got[i]).toBeCloseTo(w, 5));
    }
  });

  it.each([false, true])('momentumStep equals the optimizer of tfjs (nesterov %s)', (nesterov) => {
    const variable = tf.variable(tf.tensor1d([1, -2, 0.5]));
    const optimizer = tf.train.momentum(0.1, 0.9, nesterov);
    let [value, velocity] = [tf.tensor1d([1, -2, 0.5]) as tf.Tensor, tf.zeros([3]) as tf.Tensor];
    for (let t = 0; t < 4; t++) {
      optimizer.minimize(() => tf.sum(tf.square(variable)) as tf.Scalar);
      [value, velocity] = momentumStep(value, tf.mul(value, 2), velocity, {
        learningRate: 0.1,
        momentum: 0.9,
        nesterov,
      });
      const got = value.dataSync();
      variable.dataSync().forEach((w, i) => expect(got[i]).toBeCloseTo(w, 5));
    }
  });

  it('dispose nothing that they are given', () => {
    const inputs = [0, 1, 2, 3].map(() => tf.ones([2]));
    const before = tf.memory().numTensors;
    tf.dispose(
      momentumStep(inputs[0]!, inputs[1]!, inputs[2]!, { learningRate: 1, momentum: 0, nesterov: false }),
    );
    expect(inputs.every((t) => !t.isDisposed)).toBe(true);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 3);
  });
});
