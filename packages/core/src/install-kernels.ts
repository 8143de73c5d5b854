// Registering kernels with tfjs, counting their runs, and putting back what was there before: for backend adapters.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/bits';
import type { KernelReport } from './contracts/backend.js';

/** What a kernel is called with; `backend` is tfjs's backend object, of which adapters declare what they use. */
export interface KernelArguments<B = unknown> {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  /** By name; a kernel takes each as the type that tfjs declares for it. */
  readonly attrs: Readonly<Record<string, never>>;
  readonly backend: B;
  /**
   * Runs the kernel that this one replaces.
   * @throws BitgradError `kernel-missing` when tfjs has none
   */
  stock(): tf.TensorInfo | tf.TensorInfo[];
}

/** A kernel; `null` when it does not take these arguments, and the stock kernel shall (which is not counted). */
export type Kernel<B = unknown> = (args: KernelArguments<B>) => tf.TensorInfo | tf.TensorInfo[] | null;

/** Installed kernels. */
export interface Installation {
  /** How often each kernel ran. */
  report(): KernelReport;
  /** Puts the stock kernels back, except where somebody else has replaced ours meanwhile. */
  remove(): void;
}

/** Options of {@link installKernels}. */
export interface InstallOptions {
  /** The package whose kernels these are: the source of its errors. */
  readonly source: string;
  /** What the kernels take, for the error when there is no stock kernel either. */
  readonly expected?: string;
  /** Where runs are counted by kernel name, for adapters that count more than kernels. */
  readonly counts?: Record<string, number>;
  /** Called once the kernels are removed: frees what they used. */
  readonly onRemove?: () => void;
}

/**
 * Registers kernels for a tfjs backend in place of those of the same name.
 * @param backendName tfjs's name of the backend
 */
export function installKernels<B>(
  backendName: string,
  kernels: Readonly<Record<string, Kernel<B>>>,
  { source, expected = 'arguments that tfjs gives it', counts = {}, onRemove }: InstallOptions,
): Installation {
  const restores = Object.entries(kernels).map(([kernelName, kernel]) => {
    const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    const runStock = (args: KernelArguments<B>): tf.TensorInfo | tf.TensorInfo[] => {
      if (stock) return stock.kernelFunc(args as never);
      throw new BitgradError({
        code: 'kernel-missing',
        source,
        what: `${kernelName} does not take these arguments, and the ${backendName} backend has no other`,
        got: args.attrs,
        expected,
      });
    };
    const kernelFunc = ((args: KernelArguments<B>) => {
      const { inputs, attrs, backend } = args;
      const result = kernel({ inputs, attrs, backend, stock: () => runStock(args) });
      if (!result) return runStock(args);
      counts[kernelName]!++;
      return result;
    }) as unknown as tf.KernelFunc;
    counts[kernelName] = 0;
    if (stock) tf.unregisterKernel(kernelName, backendName);
    const { setupFunc, disposeFunc } = stock ?? {};
    tf.registerKernel({ kernelName, backendName, kernelFunc, setupFunc, disposeFunc });
    return () => {
      // Somebody else may have replaced it meanwhile: that is theirs to take back.
      if (tf.getKernel(kernelName, backendName)?.kernelFunc !== kernelFunc) return;
      tf.unregisterKernel(kernelName, backendName);
      if (stock) tf.registerKernel(stock);
    };
  });
  if (onRemove) restores.push(onRemove);
  return {
    report: () => ({ ...counts }),
    remove: () => restores.splice(0).forEach((restore) => restore()),
  };
}
