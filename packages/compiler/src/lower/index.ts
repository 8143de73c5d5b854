// Which lowering each layer class has. A new layer is one line here and one function beside its relatives.
import { activation, batchNorm, leakyRelu, nothing, prelu, relu, rprelu, softmax } from './channelwise.js';
import { conv1d, conv2d, dense, depthwiseConv2d, separableConv2d } from './convolutions.js';
import { quantActivation } from './activation.js';
import { add, average, concatenate, multiply } from './join.js';
import {
  averagePool,
  averagePool1d,
  globalAveragePool,
  globalAveragePool1d,
  globalMaxPool,
  globalMaxPool1d,
  maxPool,
  maxPool1d,
  permute,
  reshape,
  zeroPadding,
} from './structure.js';
import { attention, classToken, firstToken, layerNorm, positionEmbedding } from './transformer.js';
import type { Lowering } from './context.js';

/** Lowerings by the class name that a layer is saved under. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  Activation: activation,
  Add: add,
  AlphaDropout: nothing,
  Average: average,
  AveragePooling1D: averagePool1d,
  AveragePooling2D: averagePool,
  BatchNormalization: batchNorm,
  BitgradAttention: attention,
  BitgradBatchNorm: batchNorm,
  BitgradClassToken: classToken,
  BitgradFirstToken: firstToken,
  BitgradLayerNorm: layerNorm,
  BitgradPositionEmbedding: positionEmbedding,
  Concatenate: concatenate,
  Conv1D: conv1d,
  Conv2D: conv2d,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: nothing,
  Flatten: reshape,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  GlobalAveragePooling1D: globalAveragePool1d,
  GlobalAveragePooling2D: globalAveragePool,
  GlobalMaxPooling1D: globalMaxPool1d,
  GlobalMaxPooling2D: globalMaxPool,
  LayerNormalization: layerNorm,
  LeakyReLU: leakyRelu,
  MaxPooling1D: maxPool1d,
  MaxPooling2D: maxPool,
  Multiply: multiply,
  Permute: permute,
  PReLU: prelu,
  QuantActivation: quantActivation,
  QuantConv1D: conv1d,
  QuantConv2D: conv2d,
  QuantDense: dense,
  QuantDepthwiseConv2D: depthwiseConv2d,
  QuantSeparableConv2D: separableConv2d,
  ReLU: relu,
  Reshape: reshape,
  RPReLU: rprelu,
  Softmax: softmax,
  SpatialDropout1D: nothing,
  ZeroPadding2D: zeroPadding,
};
