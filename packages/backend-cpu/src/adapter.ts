// The training adapter of the plain JavaScript backend: slow, available everywhere, and the reference for the others.
import { checkOptions, defineAdapter, type BackendAdapter } from '@bitgrad/core';
import { avgPoolGrad } from './kernels/avg-pool-grad.js';
import { resizeBilinearGrad } from './kernels/resize-bilinear-grad.js';
import { resizeNearestNeighborGrad } from './kernels/resize-nearest-neighbor-grad.js';

const kernels = {
  AvgPoolGrad: avgPoolGrad,
  ResizeBilinearGrad: resizeBilinearGrad,
  ResizeNearestNeighborGrad: resizeNearestNeighborGrad,
};

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
  return defineAdapter({
    name: 'cpu',
    source: 'backend-cpu',
    capabilities: { fusedKernels: [], gpu: false },
    tfjs: {
      name: 'cpu',
      package: '@tensorflow/tfjs-backend-cpu',
      load: () => import('@tensorflow/tfjs-backend-cpu'),
    },
    kernels: () => ({ kernels }),
  });
}
