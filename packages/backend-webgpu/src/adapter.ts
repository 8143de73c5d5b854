// The training adapter: starts tfjs's webgpu backend, replaces two pooling gradients that tfjs 4.22 gets wrong, and lets a
// lost device be a typed error.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  checkOptions,
  installKernels,
  kernelOwner,
  within,
  type BackendAdapter,
  type BackendProbe,
} from '@bitgrad/core';
import { guardLoss, type GuardedBackend } from '@bitgrad/shaders';
import { binary } from './binary.js';
import { defaultGpu, describeAdapter, isSoftware } from './engine/device.js';
import { poolGradients } from './pool-gradients.js';

/** What is used of tfjs's WebGPUBackend. */
interface TfjsBackend extends GuardedBackend {
  readonly device: GPUDevice;
}

/** Why the device of a backend was lost; absent while it works. */
const losses = new WeakMap<object, string>();

const lostError = (reason?: string): BitgradError =>
  new BitgradError({
    code: 'context-lost',
    source: 'backend-webgpu',
    what: `the WebGPU device was lost, and every tensor with it${reason ? ` (${reason})` : ''}`,
    next: 'Call start() of the adapter for a new device, and go on from a checkpoint.',
  });

const kernels = { ...poolGradients, ...binary };

/** Guards a backend against the loss of its device; see guardLoss. */
function guard(backend: object): () => void {
  const loss = (backend as TfjsBackend).device.lost.then(({ message, reason }) => {
    losses.set(backend, message || reason || 'unknown reason');
  });
  return guardLoss(backend as TfjsBackend, 'runWebGPUProgram', {
    lost: () => losses.has(backend),
    loss,
    error: () => lostError(losses.get(backend)),
  });
}

/** Makes tfjs forget a backend whose device is lost, so that the next start makes a new one. */
function forgetLost(): void {
  const present = tf.engine().registry['webgpu'];
  if (!present || !losses.has(present)) return;
  const factory = tf.findBackendFactory('webgpu');
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', factory, 3);
}

const unavailable = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'backend-unavailable', source: 'backend-webgpu', what, next, cause });

/** How long a download, a driver or the start of tfjs may take. */
const startMs = 60_000;

const late = (what: string): BitgradError =>
  unavailable(`${what} did not come within ${startMs / 1000} s`, 'Choose another backend.');

async function load(): Promise<void> {
  try {
    const code = import('@tensorflow/tfjs-backend-webgpu');
    await within(startMs, code, () => late('the code of the tfjs webgpu backend'));
  } catch (cause) {
    throw unavailable(
      '@tensorflow/tfjs-backend-webgpu cannot be loaded',
      'npm install @tensorflow/tfjs-backend-webgpu',
      cause,
    );
  }
}

async function probe(): Promise<BackendProbe> {
  const gpu = defaultGpu();
  if (!gpu)
    return {
      available: false,
      reason: 'WebGPU is not available here: use a browser with it, or @bitgrad/backend-node-gpu in Node',
      features: {},
    };
  try {
    const adapter = await within(startMs, gpu.requestAdapter(), () => late('an adapter of WebGPU'));
    if (!adapter) return { available: false, reason: 'WebGPU has no adapter here', features: {} };
    const features = { adapter: describeAdapter(adapter.info), software: isSoftware(adapter.info) };
    // The tfjs backend registers itself when it is loaded, and only where navigator.gpu exists by then.
    await load();
    return { available: true, reason: '', features };
  } catch (error) {
    return { available: false, reason: (error as Error).message, features: {} };
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
  const owner = kernelOwner('webgpu');
  return Object.freeze({
    name: 'webgpu',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels: Object.freeze(Object.keys(binary)),
      // tfjs reads a GPU buffer at once by drawing it on a canvas.
      synchronousReads: typeof OffscreenCanvas === 'function',
    }),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason, 'Choose another backend.');
      forgetLost();
      const starting = tf.setBackend('webgpu');
      if (!(await within(startMs, starting, () => late('the start of the tfjs webgpu backend'))))
        throw unavailable('the tfjs webgpu backend did not start', 'Choose another backend.');
      const active = tf.backend();
      if (owner.holds(active)) return;
      owner.take(active, () =>
        installKernels('webgpu', kernels, { source: 'backend-webgpu', onRemove: guard(active) }),
      );
    },
    report: () => owner.report(),
    async dispose() {
      owner.release();
    },
  });
}
