// The gradient of bilinear resizing. tfjs 4.22 computes it, but swaps height and width in the shape of the result.
import type { CpuKernel } from './kernel.js';

/** ResizeBilinearGrad: inputs `dy`, `images` [n, h, w, c]. */
export const resizeBilinearGrad: CpuKernel = ({ inputs, stock }) => ({
  ...stock(),
  shape: inputs['images']!.shape,
});
