// Average pooling, and the gradients of max and average pooling. The stock AvgPool sums in another order than a packed
// model, which would move a real-valued shortcut by its rounding. The stock MaxPoolGrad of tfjs 4.22 wasm sends the
// gradient of a window whose maximum is <= 0 to the first element; the stock AvgPoolGrad divides by the whole window at
// padded borders, where the forward pass divides by the part inside the image.
import { poolInfo } from '@bitgrad/core';
import type { KernelFamily } from './family.js';

type PoolInfo = ReturnType<typeof poolInfo>;

/** What every kernel takes of its geometry: all images, sizes, window, strides, padding. */
const geometry = (info: PoolInfo) => ({
  ...{ n0: 0, n1: info.batchSize, h: info.inHeight, w: info.inWidth, c: info.inChannels },
  ...{ oh: info.outHeight, ow: info.outWidth, kh: info.filterHeight, kw: info.filterWidth },
  ...{ sh: info.strideHeight, sw: info.strideWidth, top: info.padInfo.top, left: info.padInfo.left },
});

/** AvgPool, MaxPoolGrad and AvgPoolGrad. */
export const pooling: KernelFamily = ({ heap, call }) => ({
  AvgPool({ inputs, attrs }) {
    const { x } = inputs;
    const info = poolInfo(x!.shape, attrs);
    const out = heap.output(info.outShape);
    call('avgPool', { ...heap.at({ x, out }), ...geometry(info) });
    return out;
  },
  MaxPoolGrad({ inputs, attrs }) {
    const { dy, input } = inputs;
    const info = poolInfo(input!.shape, attrs);
    const dx = heap.output(input!.shape);
    const dilations = { dh: info.dilationHeight, dw: info.dilationWidth };
    call('maxPoolGrad', { ...heap.at({ x: input, dy, dx }), ...geometry(info), ...dilations });
    return dx;
  },
  AvgPoolGrad({ inputs, attrs }) {
    const { dy, input } = inputs;
    const info = poolInfo(input!.shape, attrs);
    const dx = heap.output(input!.shape);
    call('avgPoolGrad', { ...heap.at({ dy, dx }), ...geometry(info) });
    return dx;
  },
});
