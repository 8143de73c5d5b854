// A minimal adapter of tfjs's cpu backend, to run the training cases and to break.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendAdapter } from '@bitgrad/core';

type Wrap = (stock: tf.KernelFunc, args: Parameters<tf.KernelFunc>[0]) => ReturnType<tf.KernelFunc>;

/** The cpu backend with some kernels wrapped: `wrap` gets the stock kernel and the call. */
export function plainCpu(wraps: Readonly<Record<string, Wrap>> = {}): BackendAdapter {
  let restore: (() => void)[] = [];
  const install = (): void => {
    for (const [kernelName, wrap] of Object.entries(wraps)) {
      const stock = tf.getKernel(kernelName, 'cpu');
      tf.unregisterKernel(kernelName, 'cpu');
      tf.registerKernel({ ...stock, kernelFunc: (args) => wrap(stock.kernelFunc, args) });
      restore.push(() => {
        tf.unregisterKernel(kernelName, 'cpu');
        tf.registerKernel(stock);
      });
    }
  };
  return Object.freeze({
    name: 'cpu',
    capabilities: { trainsConvolutions: true, fusedKernels: [], synchronousReads: true },
    probe: async () => ({ available: true, reason: '', features: {} }),
    async start() {
      await tf.setBackend('cpu');
      if (restore.length === 0) install();
    },
    report: () => ({}),
    async dispose() {
      restore.forEach((undo) => undo());
      restore = [];
    },
  } satisfies BackendAdapter);
}
