// Registering kernels with tfjs, counting their runs, and putting back what was there before.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, type KernelReport } from '@bitgrad/core';
import type { Heap } from './heap.js';
import type { Job } from './job.js';
import type { WasmFunctions } from './module.js';

/** What a kernel is called with. */
export interface KernelArguments {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, never>>;
}

/** A kernel; `null` when it does not take these arguments, and the stock kernel shall. */
export type Kernel = (args: KernelArguments) => tf.TensorInfo | tf.TensorInfo[] | null;

/** What kernels are made of. */
export interface KernelContext {
  readonly heap: Heap;
  readonly wasm: WasmFunctions;
  /**
   * A job for about `work` multiply-accumulates; large ones run on all threads. `name` is counted as run on threads.
   */
  job(name: string, work: number): Job;
  /** Whether table kernels may be used. */
  readonly fused: boolean;
  /** Counts a variant of a kernel, shown in the report as `Kernel/variant`. */
  count(name: string): void;
}

/** A family of kernels by tfjs kernel name. */
export type KernelFamily = (context: KernelContext) => Readonly<Record<string, Kernel>>;

/** Registered kernels. */
export interface Installation {
  report(): KernelReport;
  remove(): void;
}

const BACKEND = 'wasm';

const swap = (config: tf.KernelConfig): void => {
  if (tf.getKernel(config.kernelName, BACKEND)) tf.unregisterKernel(config.kernelName, BACKEND);
  tf.registerKernel(config);
};

/**
 * Registers kernels for the wasm backend in place of those of the same name.
 * @param counts where runs are counted, by kernel name
 */
export function install(
  kernels: Readonly<Record<string, Kernel>>,
  counts: Record<string, number>,
): Installation {
  const restores: (() => void)[] = [];
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const stock = tf.getKernel(kernelName, BACKEND) as tf.KernelConfig | undefined;
    counts[kernelName] = 0;
    const kernelFunc = ((args: KernelArguments) => {
      const result = kernel(args);
      if (result) {
        counts[kernelName]!++;
        return result;
      }
      if (stock) return stock.kernelFunc(args as never);
      throw new BitgradError({
        code: 'kernel-missing',
        source: 'backend-wasm',
        what: `${kernelName} does not take these arguments`,
        got: args.attrs,
        expected: 'NHWC float32 tensors without dilation',
      });
    }) as unknown as tf.KernelFunc;
    swap({
      kernelName,
      backendName: BACKEND,
      kernelFunc,
      setupFunc: stock?.setupFunc,
      disposeFunc: stock?.disposeFunc,
    });
    restores.push(() => {
      // Somebody else may have replaced it meanwhile: that is theirs to take back.
      if (tf.getKernel(kernelName, BACKEND)?.kernelFunc !== kernelFunc) return;
      tf.unregisterKernel(kernelName, BACKEND);
      if (stock) tf.registerKernel(stock);
    });
  }
  return {
    report: () => ({ ...counts }),
    remove: () => restores.splice(0).forEach((restore) => restore()),
  };
}
