// The depthwise convolution where stock wasm is wrong (strides that skip more than the kernel covers), and its
// gradients, which stock wasm lacks; NHWC, any channel multiplier.
import { backend_util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

interface DepthwiseAttributes {
  strides: [number, number] | number;
  dilations?: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  filterShape: Shape4;
  inputShape: Shape4;
}
type Shape4 = [number, number, number, number];

const geometry = (input: Shape4, filter: Shape4, attrs: DepthwiseAttributes) => {
  const { strides, pad, dimRoundingMode } = attrs;
  return sizes(backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode, true));
};

const sizes = (info: backend_util.Conv2DInfo) => ({
  ...{ n0: 0, n1: info.batchSize, h: info.inHeight, w: info.inWidth },
  ...{ c: info.inChannels, q: info.outChannels / info.inChannels, oh: info.outHeight, ow: info.outWidth },
  ...{ kh: info.filterHeight, kw: info.filterWidth, sh: info.strideHeight, sw: info.strideWidth },
  ...{ top: info.padInfo.top, left: info.padInfo.left },
});

const dilated = ({ dilations }: DepthwiseAttributes): boolean =>
  dilations !== undefined && [dilations].flat().some((d) => d !== 1);

/** True where a border of the input is covered by no window: stock wasm then returns undefined memory. */
function skipsBorder(info: backend_util.Conv2DInfo): boolean {
  const rows = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight;
  const cols = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth;
  return info.padInfo.type === 'SAME' && (rows < info.inHeight || cols < info.inWidth);
}

/** DepthwiseConv2dNative, DepthwiseConv2dNativeBackpropInput and DepthwiseConv2dNativeBackpropFilter. */
export const depthwise: KernelFamily = ({ heap, call }) => ({
  DepthwiseConv2dNative({ inputs, attrs }) {
    const { strides, pad, dimRoundingMode, dilations } = attrs as unknown as DepthwiseAttributes;
    const { x, filter } = inputs;
    const [image, kernel] = [x!.shape as Shape4, filter!.shape as Shape4];
    const info = backend_util.computeConv2DInfo(
      image,
      kernel,
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
      true,
    );
    if (!skipsBorder(info)) return null;
    const out = heap.output(info.outShape);
    const steps = { dh: info.dilationHeight, dw: info.dilationWidth };
    call('depthwiseForward', { ...heap.at({ x, filter, out }), ...sizes(info), ...steps });
    return out;
  },
  DepthwiseConv2dNativeBackpropInput({ inputs, attrs }) {
    const options = attrs as unknown as DepthwiseAttributes;
    if (dilated(options)) return null;
    const { dy, filter } = inputs;
    const dx = heap.output(options.inputShape);
    const numbers = geometry(options.inputShape, filter!.shape as Shape4, options);
    call('depthwiseInputGrad', { ...heap.at({ dy, filter, dx }), ...numbers });
    return dx;
  },
  DepthwiseConv2dNativeBackpropFilter({ inputs, attrs }) {
    const options = attrs as unknown as DepthwiseAttributes;
    if (dilated(options)) return null;
    const { x, dy } = inputs;
    const out = heap.output(options.filterShape);
    const [partial] = heap.scratch(options.filterShape.reduce((a, b) => a * b, 4));
    const numbers = geometry(x!.shape as Shape4, options.filterShape, options);
    call('depthwiseFilterGrad', { ...heap.at({ x, dy, out }), partial, ...numbers });
    return out;
  },
});
