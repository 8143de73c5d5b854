// Average pooling, and the gradients of max and average pooling. The stock AvgPool sums in another order than a packed
// model, which would move a real-valued shortcut by its rounding. The stock MaxPoolGrad of tfjs 4.22 wasm sends the
// gradient of a window whose maximum is <= 0 to the first element; the stock AvgPoolGrad divides by the whole window at
// padded borders, where the forward pass divides by the part inside the image.
import { poolInfo } from '@bitgrad/core';
import type { KernelFamily } from './family.js';

type PoolInfo = ReturnType<typeof poolInfo>;

/** What every kernel takes of its geometry: all images, sizes, window, strides. */
const sizes = (info: PoolInfo): number[] => [
  ...[0, info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
  ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
];
const pads = ({ padInfo }: PoolInfo): number[] => [padInfo.top, padInfo.left];

/** AvgPool, MaxPoolGrad and AvgPoolGrad. */
export const pooling: KernelFamily = ({ heap, wasm }) => ({
  AvgPool({ inputs, attrs }) {
    const { x } = inputs;
    const info = poolInfo(x!.shape, attrs);
    const out = heap.output(info.outShape);
    wasm['avgPool']!(heap.address(x!), heap.address(out), ...sizes(info), ...pads(info));
    return out;
  },
  MaxPoolGrad({ inputs, attrs }) {
    const { dy, input } = inputs;
    const info = poolInfo(input!.shape, attrs);
    const out = heap.output(input!.shape);
    const operands = [input!, dy!, out].map(heap.address);
    wasm['maxPoolGrad']!(...operands, ...sizes(info), info.dilationHeight, info.dilationWidth, ...pads(info));
    return out;
  },
  AvgPoolGrad({ inputs, attrs }) {
    const { dy, input } = inputs;
    const info = poolInfo(input!.shape, attrs);
    const out = heap.output(input!.shape);
    wasm['avgPoolGrad']!(heap.address(dy!), heap.address(out), ...sizes(info), ...pads(info));
    return out;
  },
});
