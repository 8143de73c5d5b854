// Max and average pooling and their gradients, on threads. The stock AvgPool sums in another order than a packed
// model, which would move a real-valued shortcut by its rounding. The stock MaxPoolGrad of tfjs 4.22 wasm sends the
// gradient of a window whose maximum is <= 0 to the first element; the stock AvgPoolGrad divides by the whole window at
// padded borders, where the forward pass divides by the part inside the image.
import { poolInfo, type Kernel } from '@bitgrad/core';
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

type PoolInfo = ReturnType<typeof poolInfo>;

/** What every kernel takes of its geometry: sizes, window, strides, padding. */
const geometry = (info: PoolInfo) => ({
  ...{ h: info.inHeight, w: info.inWidth, c: info.inChannels },
  ...{ oh: info.outHeight, ow: info.outWidth, kh: info.filterHeight, kw: info.filterWidth },
  ...{ sh: info.strideHeight, sw: info.strideWidth, top: info.padInfo.top, left: info.padInfo.left },
});

/** Numbers that the windows read. */
const work = (info: PoolInfo): number =>
  util.sizeFromShape(info.outShape) * info.filterHeight * info.filterWidth;

/** MaxPool, AvgPool, MaxPoolGrad and AvgPoolGrad. */
export const pooling: KernelFamily = ({ heap, run }) => {
  const images = (info: PoolInfo) => ({ over: 'n', count: info.batchSize, grain: 1 }) as const;
  const forward =
    (kernel: 'MaxPool' | 'AvgPool', name: 'maxPool' | 'avgPool'): Kernel =>
    ({ inputs, attrs }) => {
      const { x } = inputs;
      if (x!.dtype !== 'float32') return null;
      const info = poolInfo(x!.shape, attrs);
      const out = heap.output(info.outShape);
      const call = { ...heap.at({ x, out }), ...geometry(info) };
      run(kernel, work(info), (job) => job.split(name, images(info), call));
      return out;
    };
  return {
    MaxPool: forward('MaxPool', 'maxPool'),
    AvgPool: forward('AvgPool', 'avgPool'),
    MaxPoolGrad({ inputs, attrs }) {
      const { dy, input } = inputs;
      const info = poolInfo(input!.shape, attrs);
      const dx = heap.output(input!.shape);
      const dilations = { dh: info.dilationHeight, dw: info.dilationWidth };
      const call = { ...heap.at({ x: input, dy, dx }), ...geometry(info), ...dilations };
      run('MaxPoolGrad', work(info), (job) => job.split('maxPoolGrad', images(info), call));
      return dx;
    },
    AvgPoolGrad({ inputs, attrs }) {
      const { dy, input } = inputs;
      const info = poolInfo(input!.shape, attrs);
      const dx = heap.output(input!.shape);
      const call = { ...heap.at({ dy, dx }), ...geometry(info) };
      run('AvgPoolGrad', work(info), (job) => job.split('avgPoolGrad', images(info), call));
      return dx;
    },
  };
};
