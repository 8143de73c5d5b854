// A minimal adapter of tfjs's cpu backend to run the training cases on, and to break.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendAdapter } from '@bitgrad/core';
import { poolCounts, slide, type Windows } from '../src/training/reference.js';

/** A call of a kernel, with its numbers at hand. */
export interface Call {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  values(tensor: tf.TensorInfo): Float32Array;
  make(shape: readonly number[], values: Float32Array): tf.TensorInfo;
}

/** A kernel in place of another: `stock` runs the one before. */
export type Replacement = (call: Call, stock: () => tf.TensorInfo) => tf.TensorInfo | tf.TensorInfo[];

interface Backend {
  readonly data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

const callOf = ({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): Call => {
  const cpu = backend as Backend;
  return {
    inputs: inputs as Call['inputs'],
    attrs: (attrs ?? {}) as Call['attrs'],
    values: (tensor) => cpu.data.get(tensor.dataId).values,
    make: (shape, values) => cpu.makeTensorInfo(shape, 'float32', values),
  };
};

/** Registers kernels on the cpu backend; gives back what takes them off again. */
export function replaceKernels(replacements: Readonly<Record<string, Replacement>>): () => void {
  const undo = Object.entries(replacements).map(([kernelName, replacement]) => {
    const before = tf.getKernel(kernelName, 'cpu') as tf.KernelConfig | undefined;
    if (before) tf.unregisterKernel(kernelName, 'cpu');
    const kernelFunc: tf.KernelFunc = (args) =>
      replacement(callOf(args), () => before!.kernelFunc(args) as tf.TensorInfo);
    tf.registerKernel({ ...before, kernelName, backendName: 'cpu', kernelFunc });
    return () => {
      tf.unregisterKernel(kernelName, 'cpu');
      if (before) tf.registerKernel(before);
    };
  });
  return () => undo.reverse().forEach((take) => take());
}

/** The two gradients that tfjs 4.22 gets wrong on cpu; for the sizes that the cases use. */
const corrected: Readonly<Record<string, Replacement>> = {
  AvgPoolGrad({ inputs, attrs, values, make }) {
    const { input, dy } = inputs as { input: tf.TensorInfo; dy: tf.TensorInfo };
    const geometry = { image: input.shape, window: attrs['filterSize'], ...attrs } as unknown as Windows;
    const [dx, dys] = [new Float32Array(values(input).length), values(dy)];
    const counts = poolCounts(geometry);
    const c = input.shape[3]!;
    slide(geometry, (y, _k, x) => {
      for (let i = 0; i < c; i++) dx[x * c + i]! += dys[y * c + i]! / counts[y]!;
    });
    return make(input.shape, dx);
  },
  ResizeNearestNeighborGrad({ inputs, values, make }) {
    const { images, dy } = inputs as { images: tf.TensorInfo; dy: tf.TensorInfo };
    const [, h, w, c] = images.shape as [number, number, number, number];
    const [, oh, ow] = dy.shape as [number, number, number];
    const dx = new Float32Array(values(images).length);
    values(dy).forEach((d, i) => {
      const [k, ox, oy, b] = [
        i % c,
        Math.floor(i / c) % ow,
        Math.floor(i / (c * ow)) % oh,
        Math.floor(i / (c * ow * oh)),
      ];
      dx[((b * h + Math.floor((oy * h) / oh)) * w + Math.floor((ox * w) / ow)) * c + k]! += d;
    });
    return make(images.shape, dx);
  },
};

/** How an adapter differs from the plain one. */
export interface Difference {
  /** Kernels over the stock ones; `null` leaves tfjs's own wrong gradient in place. */
  readonly kernels?: Readonly<Record<string, Replacement | null>>;
  readonly change?: (adapter: BackendAdapter) => Partial<BackendAdapter>;
}

/** An adapter of the cpu backend. */
export function plainCpu({ kernels = {}, change = () => ({}) }: Difference = {}): BackendAdapter {
  const all = Object.entries({ ...corrected, ...kernels }).filter(([, replacement]) => replacement !== null);
  let restore: (() => void) | undefined;
  const adapter: BackendAdapter = {
    name: 'cpu',
    capabilities: { fusedKernels: [], gpu: false },
    probe: async () => ({ available: true, reason: '', features: {} }),
    async start() {
      await tf.setBackend('cpu');
      restore ??= replaceKernels(Object.fromEntries(all) as Record<string, Replacement>);
    },
    report: () => ({}),
    async dispose() {
      restore?.();
      restore = undefined;
    },
  };
  return Object.freeze({ ...adapter, ...change(adapter) });
}
