// The training adapter of the plain JavaScript backend: slow, available everywhere, and the reference for the others.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, checkOptions, installKernels, kernelOwner, type BackendAdapter } from '@bitgrad/core';
import { avgPoolGrad } from './kernels/avg-pool-grad.js';
import { resizeBilinearGrad } from './kernels/resize-bilinear-grad.js';
import { resizeNearestNeighborGrad } from './kernels/resize-nearest-neighbor-grad.js';

const kernels = {
  AvgPoolGrad: avgPoolGrad,
  ResizeBilinearGrad: resizeBilinearGrad,
  ResizeNearestNeighborGrad: resizeNearestNeighborGrad,
};

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
 * @param options none: other adapters have some, this one refuses them
 * @throws BitgradError `invalid-option` for any option; from `start`: `backend-unavailable` when the tfjs backend is not
 *   installed
 */
export function cpu(options: Readonly<Record<string, never>> = {}): BackendAdapter {
  checkOptions<object>('backend-cpu', 'cpu', options, {});
  const owner = kernelOwner('cpu');
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
      if (!owner.holds(active))
        owner.take(active, () => installKernels('cpu', kernels, { source: 'backend-cpu' }));
    },
    report: () => owner.report(),
    async dispose() {
      owner.release();
    },
  });
}
