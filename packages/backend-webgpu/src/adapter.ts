// The training adapter: starts tfjs's webgpu backend, replaces two pooling gradients that tfjs 4.22 gets wrong, and lets a
// lost device be a typed error.
import {
  BitgradError,
  checkOptions,
  defineAdapter,
  within,
  type BackendAdapter,
  type Probe,
} from '@bitgrad/core';
import { binary } from './binary.js';
import { defaultGpu, describeAdapter, isSoftware } from './engine/device.js';
import { poolGradients } from './pool-gradients.js';

/** What is used of tfjs's WebGPUBackend. */
interface TfjsBackend {
  readonly device: GPUDevice;
}

/** How long a driver may take to find an adapter. */
const startMs = 60_000;

const failed = (code: 'backend-unavailable' | 'context-lost', what: string, next: string): BitgradError =>
  new BitgradError({ code, source: 'backend-webgpu', what, next });

async function probe(): Promise<Probe> {
  const no = (reason: string): Probe => ({ available: false, reason, features: {} });
  const gpu = defaultGpu();
  if (!gpu)
    return no('WebGPU is not available here: use a browser with it, or @bitgrad/backend-node-gpu in Node');
  const late = (): BitgradError =>
    failed(
      'backend-unavailable',
      `an adapter of WebGPU did not come within ${startMs / 1000} s`,
      'Choose another backend.',
    );
  try {
    const adapter = await within(startMs, gpu.requestAdapter(), late);
    if (!adapter) return no('WebGPU has no adapter here');
    const features = { adapter: describeAdapter(adapter.info), software: isSoftware(adapter.info) };
    return { available: true, reason: '', features };
  } catch (error) {
    return no((error as Error).message);
  }
}

/**
 * Training on WebGPU: in browsers, and in Node by `nodeGpu` of @bitgrad/backend-node-gpu. `probe().features` name the
 * adapter, and whether it is software.
 *
 * When the device is lost, ops and reads raise `context-lost`, those under way too. `start()` then makes a new device;
 * tensors of the old one are gone: build or load the model again, from a checkpoint.
 * @param options none: other adapters have some, this one refuses them
 * @throws BitgradError `invalid-option` for any option; from `start`: `backend-unavailable` when WebGPU or the tfjs backend is missing
 */
export function webgpu(options: Readonly<Record<string, never>> = {}): BackendAdapter {
  checkOptions<object>('backend-webgpu', 'webgpu', options, {});
  return defineAdapter({
    name: 'webgpu',
    source: 'backend-webgpu',
    capabilities: { fusedKernels: Object.keys(binary), gpu: true },
    tfjs: {
      name: 'webgpu',
      package: '@tensorflow/tfjs-backend-webgpu',
      // It registers itself when it is loaded, and only where navigator.gpu exists by then.
      load: () => import('@tensorflow/tfjs-backend-webgpu'),
    },
    startMs,
    probe,
    kernels: () => ({ kernels: { ...poolGradients, ...binary } }),
    loss(backend) {
      let why: string | undefined;
      const loss = (backend as TfjsBackend).device.lost.then(({ message, reason }) => {
        why = message || reason || 'unknown reason';
      });
      const error = (): BitgradError =>
        failed(
          'context-lost',
          `the WebGPU device was lost, and every tensor with it${why ? ` (${why})` : ''}`,
          'Call start() of the adapter for a new device, and go on from a checkpoint.',
        );
      return { run: 'runWebGPUProgram', lost: () => why !== undefined, loss, error };
    },
  });
}
