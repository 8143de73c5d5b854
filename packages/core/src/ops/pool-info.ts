// The geometry of 2-D pooling from a kernel's attributes, for the pooling gradients of backend adapters.
import { backend_util } from '@tensorflow/tfjs-core';

/** Attributes of MaxPoolGrad and AvgPoolGrad. */
interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * @param shape of the input, [batch, height, width, channels]
 * @param attrs of MaxPoolGrad or AvgPoolGrad
 */
export function poolInfo(shape: readonly number[], attrs: unknown): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as PoolAttributes;
  const nhwc = shape as [number, number, number, number];
  return backend_util.computePool2DInfo(nhwc, filterSize, strides, 1, pad, dimRoundingMode);
}
