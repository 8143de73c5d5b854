// What the kernels of this adapter use of tfjs's MathBackendCPU.
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '@bitgrad/core';

/** What is used of tfjs's MathBackendCPU. */
interface TfjsCpuBackend {
  readonly data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: readonly number[], dtype: DataType, values: Float32Array): TensorInfo;
}

/** A kernel of the cpu backend. */
export type CpuKernel = Kernel<TfjsCpuBackend>;
