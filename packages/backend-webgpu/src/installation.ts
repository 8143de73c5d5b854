// Registering kernels with tfjs, counting their runs, and putting back what was there before.
import * as tf from '@tensorflow/tfjs-core';
import type { KernelReport } from '@bitgrad/core';

const BACKEND = 'webgpu';

/** A kernel as tfjs calls it. */
export type Kernel = (args: {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: unknown;
  readonly backend: unknown;
}) => tf.TensorInfo;

/** Registered kernels. */
export interface Installation {
  report(): KernelReport;
  remove(): void;
}

/** Registers kernels in place of those of the same name. */
export function install(kernels: Readonly<Record<string, Kernel>>): Installation {
  const counts: Record<string, number> = {};
  const restores = Object.entries(kernels).map(([kernelName, kernel]) => {
    const stock = tf.getKernel(kernelName, BACKEND) as tf.KernelConfig | undefined;
    const kernelFunc = ((args: Parameters<Kernel>[0]) => {
      counts[kernelName]!++;
      return kernel(args);
    }) as unknown as tf.KernelFunc;
    counts[kernelName] = 0;
    if (stock) tf.unregisterKernel(kernelName, BACKEND);
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
    return () => {
      // Somebody else may have replaced it meanwhile: that is theirs to take back.
      if (tf.getKernel(kernelName, BACKEND)?.kernelFunc !== kernelFunc) return;
      tf.unregisterKernel(kernelName, BACKEND);
      if (stock) tf.registerKernel(stock);
    };
  });
  return {
    report: () => ({ ...counts }),
    remove: () => restores.splice(0).forEach((restore) => restore()),
  };
}
