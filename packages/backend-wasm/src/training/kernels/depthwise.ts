// The depthwise convolution where stock wasm is wrong (strides that skip more than the kernel covers), and its
// gradients, which stock wasm lacks; NHWC, any channel multiplier.
import { backend_util, util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import { addParts, imageParts, imagesOf } from './segments.js';

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
  return backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode, true);
};

/** Multiply-accumulates. */
const work = ({ outShape, filterHeight, filterWidth }: backend_util.Conv2DInfo): number =>
  util.sizeFromShape(outShape) * filterHeight * filterWidth;

const images = (info: backend_util.Conv2DInfo) => ({ over: 'n', count: info.batchSize, grain: 1 }) as const;

const sizes = (info: backend_util.Conv2DInfo) => ({
  ...{ h: info.inHeight, w: info.inWidth },
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
export const depthwise: KernelFamily = ({ heap, run }) => ({
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
    const call = { ...heap.at({ x, filter, out }), ...sizes(info), ...steps };
    run('DepthwiseConv2dNative', work(info), (job) => job.split('depthwiseForward', images(info), call));
    return out;
  },
  DepthwiseConv2dNativeBackpropInput({ inputs, attrs }) {
    const options = attrs as unknown as DepthwiseAttributes;
    if (dilated(options)) return null;
    const { dy, filter } = inputs;
    const dx = heap.output(options.inputShape);
    const info = geometry(options.inputShape, filter!.shape as Shape4, options);
    const call = { ...heap.at({ dy, filter, dx }), ...sizes(info) };
    const kernel = 'DepthwiseConv2dNativeBackpropInput';
    run(kernel, work(info), (job) => job.split('depthwiseInputGrad', images(info), call));
    return dx;
  },
  DepthwiseConv2dNativeBackpropFilter({ inputs, attrs }) {
    const options = attrs as unknown as DepthwiseAttributes;
    if (dilated(options)) return null;
    const { x, dy } = inputs;
    const out = heap.output(options.filterShape);
    const info = geometry(x!.shape as Shape4, options.filterShape, options);
    const size = util.sizeFromShape(options.filterShape);
    const { count } = imageParts(info.batchSize, size);
    const at = heap.at({ x, dy, out });
    run('DepthwiseConv2dNativeBackpropFilter', work(info), (job) => {
      // Of each part: its sum, and the sum of one image.
      const [sums] = job.scratch(count * 2 * size * 4);
      job.each('depthwiseFilterGrad', count, (i) => ({
        ...{ ...at, ...sizes(info), ...imagesOf(i, count, info.batchSize) },
        ...{ out: sums + i * size * 4, partial: sums + (count + i) * size * 4 },
      }));
      addParts(job, { x: sums, out: at.out, count, size });
    });
    return out;
  },
});
