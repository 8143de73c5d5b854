// One broken backend for each training case, on tfjs's cpu backend: each violates that case only.
import * as tf from '@tensorflow/tfjs-core';
import type { BackendAdapter } from '@bitgrad/core';
import { plainCpu, replaceKernels, type Call, type Difference, type Replacement } from './plain-cpu.js';

/** The stock kernel, with its output scaled where `when` says so. */
const scaled = (factor: number, when: (call: Call) => boolean = () => true): Replacement =>
  spoiled((v) => v * factor, when);

/** The stock kernel, with each number of its output changed where `when` says so. */
const spoiled = (change: (v: number) => number, when: (call: Call) => boolean = () => true): Replacement => {
  return (call, stock) => {
    const result = stock();
    if (when(call)) call.values(result).forEach((v, i, all) => (all[i] = change(v)));
    return result;
  };
};

const shapeIs =
  (input: string, ...shape: number[]) =>
  (call: Call): boolean =>
    call.inputs[input]!.shape.join() === shape.join();

const kernels =
  (replacements: Difference['kernels']): (() => BackendAdapter) =>
  () =>
    plainCpu({ kernels: replacements });
const adapter =
  (change: NonNullable<Difference['change']>): (() => BackendAdapter) =>
  () =>
    plainCpu({ change });

let calls = 0;
const untouched: Replacement = (_call, stock) => stock();
const momentumKernel: Replacement = ({ inputs, attrs, values, make }) => {
  const { learningRate, momentum, nesterov } = attrs as {
    learningRate: number;
    momentum: number;
    nesterov: boolean;
  };
  const { value, gradient, velocity } = inputs as Record<string, tf.TensorInfo>;
  const next = values(velocity!).map((v, i) => momentum * v + values(gradient!)[i]!);
  const direction = nesterov ? next.map((v, i) => values(gradient!)[i]! + momentum * v) : next;
  const moved = values(value!).map((w, i) => w - learningRate * direction[i]!);
  return [make(value!.shape, moved), make(value!.shape, next)];
};

export const brokenLifecycles: Record<string, () => BackendAdapter> = {
  'has the shape of the contract': () => ({ ...plainCpu() }),
  'probes: available, and plain features': adapter(() => ({
    probe: async () => ({ available: true, reason: 'it is slow', features: {} }),
  })),
  'may be started twice': () => {
    let restores: (() => void)[] = [];
    return plainCpu({
      change: ({ start, dispose }) => ({
        async start() {
          await start();
          restores.push(replaceKernels({ Abs: untouched }));
        },
        async dispose() {
          restores.reverse().forEach((restore) => restore());
          restores = [];
          await dispose();
        },
      }),
    });
  },
  'registers the fused kernels it declares, and no others': kernels({ BitgradMomentumStep: momentumKernel }),
  'counts each fused kernel when it runs, and only then': () =>
    plainCpu({
      kernels: { BitgradMomentumStep: momentumKernel },
      change: ({ capabilities }) => ({
        capabilities: { ...capabilities, fusedKernels: ['BitgradMomentumStep'] },
        report: () => ({ BitgradMomentumStep: 0 }),
      }),
    }),
  'takes its kernels back when disposed, which may be done twice': () => {
    let started = false;
    return plainCpu({
      change: ({ start }) => ({
        async start() {
          await start();
          if (!started) replaceKernels({ Abs: untouched });
          started = true;
        },
      }),
    });
  },
  'leaks no tensors over training steps': kernels({
    Relu: (_call, stock) => {
      tf.keep(tf.scalar(1));
      return stock();
    },
  }),
  'gives the same training step bit for bit': kernels({
    Relu: (call, stock) => spoiled((v) => v * (1 + 1e-6 * (calls++ % 7)))(call, stock),
  }),
  'does not change its inputs': kernels({
    Conv2D: (call, stock) => {
      if (shapeIs('x', 1, 5, 5, 3)(call)) call.values(call.inputs['x']!)[0] = 7;
      return stock();
    },
  }),
};

export const brokenWindows: Record<string, () => BackendAdapter> = {
  'conv2d and both gradients': kernels({ Conv2D: scaled(1.001, shapeIs('filter', 5, 5, 2, 4)) }),
  'conv2dTranspose and both gradients': kernels({
    Conv2DBackpropInput: scaled(1.001, shapeIs('filter', 2, 2, 1, 6)),
  }),
  'depthwiseConv2d and both gradients': kernels({ DepthwiseConv2dNativeBackpropFilter: scaled(1.001) }),
  // What stock wasm does is worse; that an all-negative window is noticed at all is the point.
  'maxPool and its gradient, all-negative windows too': kernels({
    MaxPoolGrad: spoiled(
      () => 0,
      ({ inputs, values }) => values(inputs['input']!).every((v) => v < 0),
    ),
  }),
  // tfjs's own: it divides by the whole window at borders.
  'avgPool and its gradient': kernels({ AvgPoolGrad: null }),
};

export const brokenProducts: Record<string, () => BackendAdapter> = {
  'matMul, transposed or not, and both gradients': kernels({
    BatchMatMul: scaled(1.001, ({ attrs }) => Boolean(attrs['transposeA'] && attrs['transposeB'])),
  }),
  'binaryConv2d is exact, with the gradients of conv2d': kernels({
    Conv2D: spoiled(
      (v) => v + 1e-4,
      ({ inputs }) => inputs['x']!.shape[3] === 127,
    ),
  }),
  'binaryMatMul is exact, with the gradients of matMul': kernels({
    BatchMatMul: spoiled(
      (v) => v + 1e-4,
      ({ inputs }) => inputs['a']!.shape.at(-1) === 200,
    ),
  }),
  'gather adds up the gradients of repeated rows': kernels({ UnsortedSegmentSum: scaled(1.001) }),
  // tfjs's own: it mixes up the images of a batch.
  'nearest upsampling and its gradient, for batches': kernels({ ResizeNearestNeighborGrad: null }),
  'transpose, pad, slice, concat and reverse with their gradients': kernels({ Reverse: scaled(-1) }),
};

export const brokenElementwise: Record<string, () => BackendAdapter> = {
  'elementwise expressions of every operation': kernels({ Cos: scaled(1.001) }),
  'elementwise expressions of every shape and broadcast': kernels({
    Tanh: scaled(1.001, shapeIs('x', 33, 129)),
  }),
  'elementwise rules for -0, infinities and NaN': kernels({
    GreaterEqual: (call, stock) => {
      const result = stock();
      call.values(call.inputs['a']!).forEach((v, i) => Object.is(v, -0) && (call.values(result)[i] = 0));
      return result;
    },
  }),
  'broadcast arithmetic and its gradients': kernels({ Sub: scaled(1.001, shapeIs('a', 4, 3)) }),
  'sum and mean over axes, with their gradients': kernels({ Sum: scaled(1.001, shapeIs('x', 5, 3, 2)) }),
  'relu and prelu with their gradients': kernels({ Prelu: scaled(1.001) }),
};

export const brokenTrainingOps: Record<string, () => BackendAdapter> = {
  'batchNormTrain, its statistics and its gradients': kernels({ Rsqrt: scaled(1.001) }),
  'batchNorm with given statistics': kernels({ FusedBatchNorm: scaled(1.001) }),
  'softmaxCrossEntropy and its gradient, large logits too': kernels({
    // Without the maximum taken off, large exponentials overflow.
    Max: spoiled(
      () => 0,
      ({ inputs, values }) => values(inputs['x']!).some((v) => v > 100),
    ),
  }),
  adamStep: kernels({ Sqrt: scaled(1.001) }),
  'momentumStep, plain and Nesterov': kernels({ Add: scaled(1.001, shapeIs('b', 5, 9)) }),
};
