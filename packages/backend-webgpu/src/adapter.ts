// The training adapter: starts tfjs's webgpu backend, and replaces two pooling gradients
// that tfjs 4.22 gets wrong.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, type BackendAdapter, type BackendProbe, type KernelReport } from '@bitgrad/core';
import { defaultGpu, describeAdapter, isSoftware } from './engine/device.js';
import { install, type Installation } from './installation.js';
import { poolGradients } from './poolGradients.js';

/** The installation in force on a backend: starting another adapter takes the kernels over. */
const current = new WeakMap<object, Installation>();

const unavailable = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'backend-unavailable', source: 'backend-webgpu', what, next, cause });

async function load(): Promise<void> {
  try {
    await import('@tensorflow/tfjs-backend-webgpu');
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
    const adapter = await gpu.requestAdapter();
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
 * @throws BitgradError from `start`: `backend-unavailable` when WebGPU or the tfjs backend is missing
 */
export function webgpu(): BackendAdapter {
  let installation: Installation | undefined;
  let backend: object | undefined;
  let last: KernelReport = {};
  return Object.freeze({
    name: 'webgpu',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels: Object.freeze([]) as readonly string[],
      // tfjs reads a GPU buffer at once by drawing it on a canvas.
      synchronousReads: typeof OffscreenCanvas === 'function',
    }),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason, 'Choose another backend.');
      if (!(await tf.setBackend('webgpu')))
        throw unavailable('the tfjs webgpu backend did not start', 'Choose another backend.');
      const active = tf.backend();
      if (installation && current.get(active) === installation) return;
      current.get(active)?.remove();
      backend = active;
      installation = install(poolGradients);
      current.set(active, installation);
    },
    report: () => installation?.report() ?? last,
    async dispose() {
      if (!installation || !backend) return;
      last = installation.report();
      if (current.get(backend) === installation) {
        installation.remove();
        current.delete(backend);
      }
      installation = backend = undefined;
    },
  });
}
