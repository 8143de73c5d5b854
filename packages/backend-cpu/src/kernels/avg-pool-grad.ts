// The gradient of average pooling. tfjs 4.22 divides by the whole window everywhere, while its forward pass divides by
// the part of the window inside the image: at padded borders its gradient is not the gradient of what it computed.
import { poolInfo } from '@bitgrad/core';
import type { CpuKernel } from './kernel.js';

/** AvgPoolGrad: inputs `dy`, `input` [n, h, w, c]. */
export const avgPoolGrad: CpuKernel = ({ inputs, attrs, backend }) => {
  const shape = inputs['input']!.shape;
  const info = poolInfo(shape, attrs);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const dy = backend.data.get(inputs['dy']!.dataId).values;
  const dx = new Float32Array(batch * height * width * channels);
  let at = 0;
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < info.outHeight; y++)
      for (let x = 0; x < info.outWidth; x++) {
        const top = y * info.strideHeight - info.padInfo.top;
        const left = x * info.strideWidth - info.padInfo.left;
        const [y0, y1] = [Math.max(0, top), Math.min(height, top + info.filterHeight)];
        const [x0, x1] = [Math.max(0, left), Math.min(width, left + info.filterWidth)];
        const scale = 1 / ((y1 - y0) * (x1 - x0));
        for (let c = 0; c < channels; c++, at++)
          for (let i = y0; i < y1; i++)
            for (let j = x0; j < x1; j++)
              dx[((n * height + i) * width + j) * channels + c]! += dy[at]! * scale;
      }
  return backend.makeTensorInfo(shape, 'float32', dx);
};
