// The training adapter of the plain JavaScript backend: slow, available everywhere, and the reference for the others.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  installKernels,
  type BackendAdapter,
  type Installation,
  type KernelReport,
} from '@bitgrad/core';
import { avgPoolGrad } from './kernels/avgPoolGrad.js';
import { resizeBilinearGrad } from './kernels/resizeBilinearGrad.js';
import { resizeNearestNeighborGrad } from './kernels/resizeNearestNeighborGrad.js';

const kernels = {
  AvgPoolGrad: avgPoolGrad,
  ResizeBilinearGrad: resizeBilinearGrad,
  ResizeNearestNeighborGrad: resizeNearestNeighborGrad,
};

/** The installation in force: starting another adapter takes the kernels over. */
const current = new WeakMap<object, Installation>();

const unavailable = (what: string, cause?: unknown): BitgradError =>
  new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-cpu',
    what,
    next: 'npm install @tensorflow/tfjs-backend-cpu',
    cause,
  });

async function load(): Promise<void> {
  try {
    await import('@tensorflow/tfjs-backend-cpu');
  } catch (cause) {
    throw unavailable('@tensorflow/tfjs-backend-cpu cannot be loaded', cause);
  }
}

/**
 * Training on plain JavaScript: about one image a second on a small conv net; use it to check other backends, or
 * where nothing else runs. Three gradients that tfjs 4.22 gets wrong are replaced (average pooling at
 * borders, nearest-neighbour resizing of batches, bilinear resizing of images that are not square).
 * @throws BitgradError from `start`: `backend-unavailable` when the tfjs backend is not installed
 */
export function cpu(): BackendAdapter {
  let installation: Installation | undefined;
  let backend: object | undefined;
  let last: KernelReport = {};
  return Object.freeze({
    name: 'cpu',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels: Object.freeze([]) as readonly string[],
      synchronousReads: true,
    }),
    async probe() {
      try {
        await load();
        return { available: true, reason: '', features: {} };
      } catch (error) {
        return { available: false, reason: (error as Error).message, features: {} };
      }
    },
    async start() {
      await load();
      if (!(await tf.setBackend('cpu'))) throw unavailable('the tfjs cpu backend did not start');
      const active = tf.backend();
      if (installation && current.get(active) === installation) return;
      current.get(active)?.remove();
      backend = active;
      installation = installKernels('cpu', kernels, { source: 'backend-cpu' });
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
