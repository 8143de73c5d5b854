// Registering kernels with tfjs, counting their runs, and putting back what was there before.
import * as tf from '@tensorflow/tfjs-core';
import type { KernelReport } from '@bitgrad/core';

/** What is used of tfjs's MathBackendCPU. */
export interface TfjsCpuBackend {
  readonly data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
}

/** A kernel of the cpu backend. */
export type CpuKernel = (args: {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: unknown;
  readonly backend: TfjsCpuBackend;
  /** Runs the kernel that this one replaces. */
  stock(): tf.TensorInfo;
}) => tf.TensorInfo;

/** Registered kernels. */
export interface Installation {
  report(): KernelReport;
  remove(): void;
}

/** Registers kernels for the cpu backend in place of those of the same name. */
export function install(kernels: Readonly<Record<string, CpuKernel>>): Installation {
  const counts: Record<string, number> = {};
  const restores = Object.entries(kernels).map(([kernelName, kernel]) => {
    const stock = tf.getKernel(kernelName, 'cpu') as tf.KernelConfig | undefined;
    const kernelFunc = ((args: Parameters<CpuKernel>[0]) => {
      counts[kernelName]!++;
      return kernel({ ...args, stock: () => stock!.kernelFunc(args as never) as tf.TensorInfo });
    }) as unknown as tf.KernelFunc;
    counts[kernelName] = 0;
    if (stock) tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc });
    return () => {
      // Somebody else may have replaced it meanwhile: that is theirs to take back.
      if (tf.getKernel(kernelName, 'cpu')?.kernelFunc !== kernelFunc) return;
      tf.unregisterKernel(kernelName, 'cpu');
      if (stock) tf.registerKernel(stock);
    };
  });
  return {
    report: () => ({ ...counts }),
    remove: () => restores.splice(0).forEach((restore) => restore()),
  };
}
